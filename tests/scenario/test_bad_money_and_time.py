# ruff: noqa: E501 (rows of tables)
"""Slips with money, time, uncertainty and thresholds: each is refused with its place and the remedy."""

from pathlib import Path

import pytest

from tests.scenario.slips import INDEX, MODEL, SETTING, Slip, check_refusal, problems

HR = "unit: hazard ratio, value: 1.5, distribution: lognormal, ci95: [1.1, 2.0454545]"
ATTENDANCE = "unit: share, value: 0.8, distribution: beta, effective_size: 30"
DISCOUNT = "unit: discount rate, value: 0.035,"
GP = 'gp: {label: "GP visits", '
PER_PERSON = 'label: "Talking therapy"\n'

MONEY = [
    Slip("C4_price_per_year_with_visits", "unit: GBP per visit", "unit: GBP per year", '"visits per year" does not fit the price\'s "GBP per year"',
         "Both count the same thing", line="gp: {label"),
    Slip("C5_weekly_benefit_in_an_annual_field", "unit: GBP per visit", "unit: GBP per week", '"visits per year" does not fit the price\'s "GBP per week"',
         "Both count the same thing", line="gp: {label"),
    Slip("C5_weeks_counted_per_week", "unit: visits per year, value", "unit: visits per week, value", "must be counted per year", '"visits per year"'),
    Slip("C8_currency_sign", "unit: GBP per visit", "unit: € per visit", '"€ per visit"', '"GBP per visit"?'),
    Slip("C20_index_below_zero", "2023/24,1.0", "2023/24,-1.0", "the level of 2023/24 is -1", "Levels are above 0", file=INDEX),
    Slip("C21_vat", GP, GP + "vat: 1, ", '"vat" is not yet supported', "Leave it out"),
]  # fmt: skip

TIME = [
    Slip("D7_horizon_in_weeks", "horizon: 5 years", "horizon: 250 weeks", "250 weeks is not a whole number of cycles of 1 month", "Change one"),
    Slip("D7_lag_of_half_a_cycle", "lag: 12 months", "lag: 2 weeks", "2 weeks is not a whole number of cycles", "The cycle is 1 month"),
    Slip("D16_half_life_of_nothing", "until: follow-up", "half_life: 0 months", "\"0 months\" has no length", "must be above 0"),
    Slip("D16_harm_that_takes_no_time", "    effects:", "    harms: {worse: {label: Worse, share: causal, utility_loss: utility_ill, from: referral, lasting: 0 months}}\n    effects:", "\"0 months\" has no length", "must be above 0", line="    harms:"),
    Slip("E16_threshold_twice", "thresholds: [threshold_low]", "thresholds: [threshold_low, threshold_low]", '"threshold_low" stands twice', "keep one", file=SETTING),
    Slip("D8_cycle_in_short_words", "cycle: 1 month ", "cycle: 1 mo ", "'1 mo'", "Allowed: '1 month'"),
    Slip("D8_cycle_in_days", "cycle: 1 month ", "cycle: 30 days ", "'30 days'", "Allowed: '1 month'"),
    Slip("D13_half_cycle_correction", "people: 100", "people: 100\nhalf_cycle_correction: true", 'unknown key "half_cycle_correction"', "Allowed"),
    Slip("D15_cycle_of_one_strategy", PER_PERSON, PER_PERSON + "    cycle: 3 months\n", 'unknown key "cycle"', "Allowed: label", line="    cycle: 3 months"),
    Slip("D15_horizon_of_one_strategy", PER_PERSON, PER_PERSON + "    horizon: 3 years\n", 'unknown key "horizon"', "Allowed: label", line="    horizon: 3 years"),
    Slip("D17_negative_wait_in_months", "wait: 0 months", "wait: -1 months", '"-1 months" is negative', "runs forward"),
    Slip("D19_switch_of_rate_before_referral", "{costs: discount_costs,", "{switch: -1 years, costs: discount_costs,", 'unknown key "switch"', "Allowed: costs", file=SETTING),
    Slip("D19_steps_of_a_rate_out_of_order", 'discount_costs: {label: "Discount rate for costs", unit: discount rate, value: 0.035, source: X001, status: assumption}',
         'discount_costs: {label: "D", unit: discount rate, over_time: {360 months: discount_health, 0 months: discount_health}}',
         "the times are not in order from 0 months", "Begin with 0 months", file=SETTING),
]  # fmt: skip

UNCERTAINTY = [
    Slip("E1_beta_of_negative_size", "effective_size: 30", "effective_size: -2", "effective_size must be above 0", "leave the distribution out"),
    Slip("E6_normal_price", "value: 44,", "value: 44, distribution: normal, cv: 0.5,", "nothing is clipped", "Use gamma, lognormal or uniform", line="gp_visit: {"),
    Slip("E7_dirichlet", "distribution: beta, effective_size: 30", "distribution: dirichlet, counts: [3, 0]", "'dirichlet'", "Allowed: 'beta'"),
    Slip("E7_zero_count", ATTENDANCE, "unit: share, distribution: beta, counts: [0, 30]", "need more than 0 events", "hold it fixed"),
    Slip("E7_negative_count", ATTENDANCE, "unit: share, distribution: beta, counts: [-1, 30]", "need more than 0 events", "hold it fixed"),
    Slip("E8_base_above_the_high_end", "value: 40", "value: 40, range: [10, 30]", "40 is outside its range", "10 to 30"),
    Slip("E9_value_outside_its_interval", "[1.1, 2.0454545]", "[1.6, 2.0454545]", "1.5 is outside its 95% interval", "[1.6"),
    Slip("E9_value_that_misses_an_end_of_its_interval", "[1.1, 2.0454545]", "[1.4, 2.3454545]", "an end is missed", "Leave value out"),
    Slip("correlation_matrix", "parameters:\n", "correlations: {a: [1, 2], b: [2, 1]}\nparameters:\n", 'unknown key "correlations"', "Did you mean", line="correlations:"),
    Slip("E16_no_threshold", "thresholds: [threshold_low]", "thresholds: []", "0 entries", "At least 1", file=SETTING),
    Slip("range_of_a_qaly_off_the_list", "thresholds: [threshold_low]", "thresholds: [threshold_low]\nqaly_ranges: [{within: \"the range\", low: threshold_low, high: discount_costs}]",
         '"discount_costs" is not among the thresholds', "add it there", file=SETTING, line="qaly_ranges"),
    Slip("E16_negative_threshold", "value: 20000", "value: -20000", "−20000 is outside 0 or more", "prices are positive", file=SETTING),
    Slip("E16_threshold_that_is_no_price", "thresholds: [threshold_low]", "thresholds: [discount_costs]", '"discount_costs" has the unit "discount rate"', "price", file=SETTING),
    Slip("E16_thresholds_without_end", "thresholds: [threshold_low]", "thresholds: [" + "threshold_low, " * 60_000 + "]", "too deep or too large", "50,000 nodes",
         file=SETTING, line="thresholds: ["),
    Slip("value_of_information", "people: 100", "people: 100\nevppi: [age]", 'unknown key "evppi"', "Allowed"),
]  # fmt: skip

FILES = [
    Slip("A25_start_sums_to_more", "start: {ill: 1}", "start: {ill: 1, well: 1}", "sum to 2", "They sum to 1"),
    Slip("A26_negative_start_by_itself", "start: {ill: 1}", "start: {ill: -1}", "-1", "only 0 and 1 may stand literally"),
    Slip("F4_duplicate_state", 'well: "Does not"}', 'well: "Does not", ill: "Twice"}', 'the key "ill" stands here and in line', "Keep one"),
    Slip("F9_upper_case", "  causal: {", "  Causal: {", "'Causal'", "lower-case ASCII"),
    Slip("F9_no_break_space", "  causal: {", "  causal\u00a0: {", "'causal\\xa0'", "lower-case ASCII"),
    Slip("F13_decimal_comma_in_a_table", "2023/24,1.0,", '2023/24,"1,0",', '"1,0" is not a finite number', "no decimal comma", file=INDEX),
    Slip("F14_thousands_point", "value: 44,", "value: 1.234.56,", "'1.234.56'", "thousands separators"),
    Slip("F14_thousands_space", "value: 44,", "value: 1 234.56,", "'1 234.56'", "thousands separators"),
    Slip("F14_thousands_apostrophe", "value: 44,", "value: 1'234,", '"1\'234"', "thousands separators"),
    Slip("percentage_as_text", ATTENDANCE, 'unit: share, value: "35%"', "'35%'", "so 0.35 for 35%"),
    Slip("date_for_a_price_year", "2023/24,1.0", "01/04/2023,1.0", '"01/04/2023" is not a price year', "2024/25", file=INDEX),
    Slip("F24_format_of_the_past", "format: 1", "format: 0", "format is 0", "Allowed: 1"),
    Slip("F25_price_without_a_unit", "unit: GBP per visit, ", "", '"unit" is missing', "Add it: a unit", line="gp_visit: {"),
    Slip("G10_python", "value: 0.5, distribution: uniform", "value: __import__('os'), distribution: uniform", "__import__", "a number"),
    Slip("G10_attribute_of_a_class", "value: 0.5, distribution: uniform", "value: ().__class__, distribution: uniform", "'().__class__'", "a number"),
    Slip("G8_direction_override_in_a_label", 'label: "GP visits"', 'label: "GP \u202evisits"', "U+202E", "Remove it"),
    Slip("G8_zero_width_character_in_a_label", 'label: "GP visits"', 'label: "GP\u200b visits"', "U+200B", "Remove it"),
    Slip("C2_negative_saving", "value: 44,", "value: -500,", "−500 is outside", "who pays and who receives gives the sign"),
]  # fmt: skip


@pytest.mark.parametrize("slip", [*MONEY, *TIME, *UNCERTAINTY, *FILES], ids=lambda slip: slip.name)
def test_a_slip_is_refused_with_its_place_what_was_found_and_the_remedy(slip: Slip, tmp_path: Path) -> None:
    check_refusal(slip, tmp_path)


@pytest.mark.parametrize(("old", "new"), [("wait: 0 months", "wait: -4 weeks"), ("2023/24, index", "2023-24, index")])
def test_what_cannot_be_read_is_not_called_missing_too(old: str, new: str, tmp_path: Path) -> None:
    assert len(problems(Slip("", old, new, "", "").write(tmp_path))) == 1


def test_every_slip_is_typed_into_a_file_that_is_read() -> None:
    assert {slip.file for slip in (*MONEY, *TIME, *UNCERTAINTY, *FILES)} == {MODEL, SETTING, INDEX}
