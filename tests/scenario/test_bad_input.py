# ruff: noqa: E501 (rows of tables)
"""A broken scenario: each slip is refused with its file and line, what was found, and what to do about it."""

from pathlib import Path

import pytest

from tests.scenario.slips import (
    INDEX,
    LIFE_TABLE,
    MODEL,
    OVERLAY,
    SETTING,
    SOURCES,
    Slip,
    check_refusal,
    problems,
    replace,
)
from tests.support.example import example

HR = "unit: hazard ratio, value: 1.5, distribution: lognormal, ci95: [1.1, 2.0454545]"
ATTENDANCE = "unit: share, value: 0.8, distribution: beta, effective_size: 30"
RECOVER = "unit: per year, value: 0.3, distribution: gamma, cv: 0.2"
SESSION_PRICE = "unit: GBP per session, value: 100, price_year: 2024/25, index: example_index"
GP_VISIT = "value: 44, price_year: 2023/24, index: example_index"
THERAPY = "sessions: sessions, over: 6 months, wait: 0 months"

NAMES_AND_REFERENCES = [
    Slip("F1_unknown_key_at_the_top", "people: 100", "poeple: 100", 'unknown key "poeple"', '"people"?'),
    Slip("F1_unknown_key_in_a_parameter", ATTENDANCE, ATTENDANCE + ", sorce: X001", '"sorce"', '"source"?'),
    Slip("F1_unknown_key_in_the_setting", "currency", "curency", '"curency"', '"currency"?', file=SETTING),
    Slip("key_of_a_control", ATTENDANCE, ATTENDANCE + ", fixed: 0.4", '"fixed"', "in an overlay"),
    Slip("not_yet_supported", "people: 100", "budget: {}", '"budget" is not yet supported', "Leave it out"),
    Slip("unknown_kind_of_model", "model: rates", "model: probability", "'probability'", "Allowed: 'rates' or 'probabilities'"),
    Slip("missing_key", "horizon: 5 years\n", "", '"horizon" is missing', "Add it: how far", line="format: 1"),
    Slip(
        "missing_key_in_a_block", THERAPY, "sessions: sessions, over: 6 months", '"wait" is missing', "Add it: from referral",
        line="therapy: {sessions",
    ),
    Slip("spread_of_an_age", "unit: years, value: 40", "unit: years, value: 40, distribution: gamma, cv: 0.2", '"age" is uncertain', "Hold it fixed", line="cohort: {age"),
    Slip("spread_of_the_share_of_women", "unit: share, value: 0.6", "unit: share, value: 0.6, distribution: beta, effective_size: 40", '"share_female" is uncertain', "--set", line="cohort: {age"),
    Slip("spread_of_a_threshold", "value: 20000, price_year: 2024/25", "value: 20000, price_year: 2024/25, distribution: gamma, cv: 0.1", "a threshold is not drawn", "--set", file=SETTING, line="thresholds:"),
    Slip("F25_missing_unit", "unit: years, value: 40", "value: 40", '"unit" is missing', "Add it: a unit"),
    Slip(
        "undeclared_state_in_a_transition", "well -> ill: relapse}", "well -> il: relapse}", '"il" is not a declared state',
        'Did you mean "ill"?',
    ),
    Slip(
        "C22_cost_keyed_to_an_undeclared_state", "{ill: gp_ill, well: gp_well}", "{ill: gp_ill, wel: gp_well}",
        '"wel" is not a declared state', 'Did you mean "well"?',
    ),
    Slip("C23_state_without_cost", "{ill: gp_ill, well: gp_well}", "{ill: gp_ill}", "nothing is said of well", "or others"),
    Slip("C13_utility_for_the_dead", "well: utility_well}", "well: utility_well, dead: 1}", '"dead" is not', "Allowed: ill"),
    Slip("utility_missing", ", well: utility_well}", "}", 'the utility of "well" is missing', "Give one for each", line="utilities:"),
    Slip("A27_everyone_starts_dead", "start: {ill: 1}", "start: {dead: 1}", '"dead" is not a declared', "Allowed: ill"),
    Slip(
        "A20_state_that_nobody_reaches", 'well: "Does not"}', 'well: "Does not", lost: "Unknown"}', 'nobody can be in "lost"',
        "Add a transition",
    ),
    Slip("A19_an_exit_of_the_dead", "well -> ill", "dead -> ill", "nobody comes back", "Remove this"),
    Slip(
        "unknown_parameter", "price: session_price", "price: session_prize", 'no parameter "session_prize"',
        'Did you mean "session_price"?',
    ),
    Slip("number_instead_of_a_name", "attendance: attendance", "attendance: 0.8", "0.8", "declare the number"),
    Slip("A25_start_sums_to_less", "start: {ill: 1}", "start: {ill: attendance}", "sum to 0.8", "They sum to 1"),
    Slip("A26_negative_start", ATTENDANCE, "unit: share, value: -0.1", "−0.1 is outside 0 to 1", '"share" allows'),
    Slip("only_one_strategy", "  usual_care: {label: \"Usual care\"}\n", "", "1 entries", "At least 2", line="strategies:"),
    Slip("F8_id_that_is_no_name", "people: 100", "people: 100\nprice_basis: Session-Price", "Session-Price", "lower-case"),
    Slip("F10_look_alike_letter_in_a_name", "  gp_ill: {", "  gp_\u0456ll: {", "gp_\u0456ll", "lower-case ASCII"),
    Slip("F9_key_with_a_trailing_space", "  causal: {", '  "causal ": {', "'causal '", "lower-case ASCII"),
    Slip("reserved_name", "  causal: {", "  others: {", '"others" is reserved', "Choose another name"),
    Slip("label_of_another_strategy", 'label: "Talking therapy"', 'label:  "Usual care"', '"Usual care" is also the label of "usual_care"', "Give each its own"),
    Slip("G10_expression", "value: 0.5, distribution: uniform", "value: 9**9**9, distribution: uniform", "'9**9**9'", "a number"),
]  # fmt: skip

NUMBERS = [
    Slip("A1_share_above_one", ATTENDANCE, "unit: share, value: 1.2", "1.2 is outside 0 to 1", '"share" allows'),
    Slip(
        "A3_percentage_as_a_share",
        ATTENDANCE,
        "unit: share, value: 35",
        "35 is outside 0 to 1",
        "percentage? 0.35",
    ),
    Slip("A3_percentage_with_its_sign", ATTENDANCE, "unit: share, value: 35%", "'35%'", "so 0.35 for 35%"),
    Slip("rate_as_a_percentage", RECOVER, "unit: per year, value: 30", "30 per year", "percentage? 0.3"),
    Slip("rate_with_its_percent_sign", RECOVER, "unit: per year, value: 30%", "'30%'", "so 0.3 for 30%"),
    Slip(
        "rate_beyond_once_a_week",
        RECOVER,
        "unit: per year, value: 60",
        "60 is outside 0 to 52",
        "percentage? 0.6",
    ),
    Slip("A12_negative_hazard_ratio", HR, "unit: hazard ratio, value: -0.2", "−0.2 is outside", "or more"),
    Slip("A13_log_hazard_ratio", HR, "unit: hazard ratio, value: -0.69", "−0.69 is outside", "exp(−0.69) = 0.5"),
    Slip(
        "A15_rate_as_a_share",
        ATTENDANCE,
        "unit: share, value: 1.4",
        "1.4 is outside 0 to 1",
        '"share" allows',
    ),
    Slip(
        "B1_blank_number",
        "value: 0.8",
        "value: ",
        "the entry is empty",
        "Give it a value",
        line="attendance: {label",
    ),
    Slip("B7_boolean_version", "format: 1", "format: true", "format: True", "wanted: 1, the version"),
    Slip("F13_decimal_comma", "value: 0.8", "value: 0,8", "is empty (parameters.attendance.8)", "Give it a value"),
    Slip("B2_nan", "value: 0.8", "value: .nan", ".nan is not a finite", "Write it like"),
    Slip("B2_nan_in_words", "value: 0.8", "value: NaN", "'NaN'", "a finite one"),
    Slip("B3_infinity", "value: 0.8", "value: -.inf", "-.inf is not a finite", "Write it like"),
    Slip("B3_overflow", "value: 0.8", "value: 1e400", "1e400 is too large", "At most"),
    Slip("B4_null", "value: 0.8", "value: ~", "the entry is empty", "Give it a value"),
    Slip("B5_text", "value: 0.8", "value: 1A", "'1A'", "Wanted: a number"),
    Slip("B6_thousands_separator", "value: 44,", 'value: "1,234",', "'1,234'", "without quotes"),
    Slip("B7_boolean", "value: 0.8", "value: true", "is True", "not yes or no"),
    Slip("B7_yes", "value: 0.8", "value: yes", "'yes'", "Wanted: a number"),
    Slip("B8_list", "value: 0.8", "value: [0.8]", "[0.8]", "Wanted: a number"),
    Slip("B9_quoted_number", "value: 0.8", 'value: "0.8"', "'0.8'", "without quotes"),
    Slip("spreadsheet_error", "value: 0.8", "value: '#N/A'", "'#N/A'", "Wanted: a number"),
    Slip("B12_huge_whole_number", "value: 0.8", "value: " + "9" * 400, "9999 is too large", "At most"),
    Slip(
        "F8_underscored_number",
        "value: 0.8",
        "value: 1_000",
        "1_000 is not a finite decimal",
        "Write it like",
    ),
    Slip("F8_octal", "value: 0.8", "value: 0o17", "0o17 is not a finite decimal", "Write it like"),
    Slip("F8_sexagesimal", "value: 0.8", "value: 12:30:45", "'12:30:45'", "Wanted: a number"),
    Slip("F14_decimal_comma", "value: 0.8", 'value: "0,8"', "'0,8'", "Wanted: a number"),
    Slip("D1_discount_as_a_percentage", "0.035", "3.5", "3.5 is outside", "percentage? 0.035", file=SETTING),
    Slip("D2_negative_discount", "0.035", "-0.02", "−0.02 is outside", "0 to below 1", file=SETTING),
    Slip("D3_discount_of_one", "value: 0.035", "value: 1", "1 is outside", "0 to below 1", file=SETTING),
    Slip("C12_utility_above_one", "value: 0.7,", "value: 1.3,", "1.3 is outside −1 to 1", '"utility" allows'),
    Slip(
        "C12_utility_below_minus_one",
        "value: 0.5, distribution: beta, se: 0.02",
        "value: -2",
        "−2",
        "−1 to 1",
    ),
    Slip(
        "C18_attendance_above_one",
        ATTENDANCE,
        "unit: share, value: 1.1",
        "1.1 is outside 0 to 1",
        '"share" allows',
    ),
    Slip("C1_negative_price", "value: 44", "value: -44", "−44 is outside 0 or more", "prices are positive"),
    Slip("C19_absurd_price", "value: 44", "value: 1e15", "1,000,000,000,000,000", "taken for a slip"),
    Slip("D11_negative_age", "value: 40", "value: -3", "−3 is outside 0 or more", '"years" allows'),
    Slip(
        "D11_age_beyond_the_life_table",
        "value: 40",
        "value: 140",
        "age of 140",
        "At most 100",
        line="cohort:",
    ),
]

UNITS_PRICES_AND_SOURCES = [
    Slip("wrong_unit_where_used", "age: age", "age: share_female", '"share_female" has the unit "share"', "Wanted here: years."),
    Slip("wrong_unit_word", "unit: visits per year, value", "unit: visits per month, value", "visits per month", "visits per year"),
    Slip("unit_misspelt", ATTENDANCE, "unit: shrae, value: 0.8", '"shrae" is not a unit', 'Did you mean "share"?'),
    Slip("unit_percent", ATTENDANCE, 'unit: "%", value: 80', '"%" is not a unit', 'Did you mean "share"?'),
    Slip("C4_price_without_a_thing", "GBP per visit", "GBP", '"GBP" is not a unit', "GBP per THING", line="gp_visit: {"),
    Slip("C8_other_currency", "GBP per visit", "EUR per visit", '"EUR per visit"', '"GBP per visit"?'),
    Slip("price_that_does_not_fit_the_quantity", "GBP per visit", "GBP per bed-day", "does not fit", "same thing", line="gp: {label"),
    Slip("A14_odds_ratio_as_a_hazard_ratio", "unit: hazard ratio", "unit: odds ratio", '"odds ratio"', "never a hazard ratio",
         line="hazard_ratio: hr_recover"),
    Slip("odds_ratio_under_its_own_key", "hazard_ratio: hr_recover", "odds_ratio: hr_recover", '"odds_ratio" is not yet', "Leave it out",
         line="odds_ratio"),
    Slip("C6_missing_price_year", ", price_year: 2023/24", "", "price year is missing", "cannot be compared", line="gp_visit: {"),
    Slip("C6_price_year_that_is_none", "2023/24", "2023/25", '"2023/25" is not a financial year', '"2023/24"?'),
    Slip("C6_price_year_in_the_future", "2023/24", "2090/91", "no year 2090/91", "it covers 2021/22 to 2024/25"),
    Slip("price_year_of_what_is_no_price", ATTENDANCE, ATTENDANCE + ", price_year: 2024/25", "belongs to a price", '"share"'),
    Slip("C7_no_index_named", "2023/24, index: example_index", "2023/24", "is of 2023/24 and the setting of 2024/25", "name the index"),
    Slip("C7_unknown_index", "2023/24, index: example_index", "2023/24, index: nhscii", '"nhscii"', "allowed: example_index"),
    Slip("C7_index_lacks_the_year", "2023/24,1.0,assumption,invented\n", "", "no year between 2022/23 and 2024/25", "Add the missing years",
         file=INDEX, line="2024/25"),
    Slip("index_lacks_the_price_year", "value: 44, price_year: 2023/24", "value: 44, price_year: 2019/20", "no year 2019/20", "covers"),
    Slip("C20_index_of_zero", "2023/24,1.0", "2023/24,0", "the level of 2023/24 is 0", "Levels are above 0", file=INDEX),
    Slip("missing_source", "value: 40, source: X001", "value: 40", "the source is missing", "without a source is not accepted", line="age: {label"),
    Slip("missing_status", "value: 40, source: X001, status: assumption", "value: 40, source: X001", "the status is missing", "without a status is not accepted"),
    Slip("unknown_source", "value: 40, source: X001", "value: 40, source: X002", 'no source "X002"', 'Did you mean "X001"?'),
    Slip("status_better_than_its_source", "value: 40, source: X001, status: assumption", "value: 40, source: X001, status: read",
         'its best source is "assumption"', "Say what the source is"),
    Slip("source_without_a_figure", '"figure": "none", ', "", '"figure" is missing', "Add it: what it says", file=SOURCES, line="X001"),
    Slip("value_outside_its_range", "value: 40", "value: 40, range: [50, 60]", "40 is outside its range", "50 to 60"),
    Slip("range_upside_down", "value: 40", "value: 40, range: [50, 30]", "upside down", "Low first"),
    Slip("F4_duplicate_column", "year,level,status", "year,level,level", '"level" stands twice', "Keep one", file=INDEX),
    Slip("F13_semicolons", "year,level,status,source", "year;level;status;source", "separated by semicolons", "commas", file=INDEX),
    Slip("date_instead_of_a_number", "2023/24,1.0", "2023/24,01-Mar", '"01-Mar" is not a finite', "plain decimal", file=INDEX),
    Slip("life_table_with_a_gap", "1,female", "1.5,female", "1.5 is not a whole number", "whole number", file=LIFE_TABLE),
    Slip("unknown_life_table", "table: example_table", "table: exmple_table", '"exmple_table"', '"example_table"?'),
]  # fmt: skip

DISTRIBUTIONS = [
    Slip("E1_beta_of_no_size", "effective_size: 30", "effective_size: 0", "effective_size must be above 0", "leave the distribution out"),
    Slip("E2_impossible_beta", ATTENDANCE, "unit: share, value: 0.9, distribution: beta, se: 0.5", "no beta distribution", "below 0.3"),
    Slip("E3_gamma_of_zero", RECOVER, "unit: per year, value: 0, distribution: gamma, cv: 0.2", "above 0, not 0", "leave the distribution out"),
    Slip("E3_negative_spread", RECOVER, "unit: per year, value: 0.3, distribution: gamma, se: -1", "se must be above 0", "leave the distribution"),
    Slip("E6_normal_share", ATTENDANCE, "unit: share, value: 0.8, distribution: normal, se: 0.1", "nothing is clipped", "Use beta"),
    Slip("E8_interval_the_wrong_way_round", "[1.1, 2.0454545]", "[2.0454545, 1.1]", "must rise", "leave the distribution out"),
    Slip("E8_value_outside_its_interval", "[1.1, 2.0454545]", "[1.6, 2.0454545]", "1.5 is outside its 95% interval", "[1.6"),
    Slip("counts_with_more_events_than_people", ATTENDANCE, "unit: share, distribution: beta, counts: [9, 5]", "[9, 5]", "fewer than n"),
    Slip("counts_beside_a_value", ATTENDANCE, "unit: share, value: 0.8, distribution: beta, counts: [4, 5]", "counts give the value", "leave value out"),
    Slip("two_spreads", ATTENDANCE, ATTENDANCE + ", se: 0.1", "se and effective_size", "exactly one of"),
    Slip("spread_without_a_distribution", ATTENDANCE, "unit: share, value: 0.8, se: 0.1", "se needs a distribution", "needs"),
    Slip("unknown_distribution", "distribution: uniform", "distribution: cauchy", "'cauchy'", "Allowed: 'beta'"),
    Slip("wrong_spread_for_the_family", ATTENDANCE, "unit: share, value: 0.8, distribution: beta, cv: 0.1", "cv does not go with beta", "Allowed: se"),
]  # fmt: skip

STRUCTURE = [
    Slip("effect_without_durability", "        until: follow-up\n", "", "how long the effect lasts", "Give until", line="recovers_faster"),
    Slip("effect_with_two_sizes", "hazard_ratio: hr_recover", "hazard_ratio: hr_recover\n        rate: recover", "exactly one of hazard_ratio, rate, relative_risk", "found: hazard_ratio, rate",
         line="recovers_faster"),
    Slip("effect_on_an_undeclared_transition", "transition: ill -> well", "transition: ill -> wel", '"ill -> wel"', '"ill -> well"?'),
    Slip("effect_that_ends_before_it_begins", "until: follow-up", "until: referral", "ends before it begins", "Check from and until", line="recovers_faster"),
    Slip("instant_that_is_none", "from: start of therapy", "from: month 3", "'month 3'", "end of therapy"),
    Slip("two_shrinkages_on_one_effect", "until: follow-up", "until: follow-up\n        controlled_share: causal\n        optimism: causal",
         "shrunk twice: controlled_share and optimism", "Keep one", line="optimism: causal"),
    Slip("two_shrinkages_on_one_item", "causal_share: causal,", "causal_share: causal, controlled_share: causal,",
         "shrunk twice: causal_share and controlled_share", "Keep one", line="causal_share: causal"),
    Slip("gap_between_states_without_a_causal_share", "causal_share: causal, gap_from: ill, ", "", "causal_share is missing", "gap_from", line="gp: {label"),
    Slip("composite_beside_its_components", "costs:\n",
         "costs:\n  everything: {label: All, category: composite, paid_by: nhs, price: gp_visit, while_in: {others: gp_ill}, cashable: 0,"
         " lag: 0 months, covers: [primary care]}\n",
         'covers primary care, which "gp" counts too', "Remove the composite", line="everything:"),
    Slip("unknown_category", "category: primary care", "category: primary_care", "'primary_care'", 'Did you mean "primary care"?', line="gp: {label"),
    Slip("unknown_payer", "paid_by: nhs, price", "paid_by: NHS, price", "'NHS'", 'Did you mean "nhs"?'),
    Slip("C16_effect_without_a_therapy", "    therapy: {sessions: sessions, over: 6 months, wait: 0 months, attendance: attendance, price: session_price}\n",
         "", "an effect without a therapy", "Add the therapy block", line="recovers_faster"),
    Slip("D6_horizon_of_zero", "horizon: 5 years", "horizon: 0 years", "\"0 years\" has no length", "must be above 0"),
    Slip("D6_negative_horizon", "horizon: 5 years", "horizon: -5 years", '"-5 years" is negative', "runs forward"),
    Slip("D6_horizon_of_a_fraction_of_a_cycle", "horizon: 5 years\ncycle: 1 month", "horizon: 10.5 years\ncycle: 12 months",
         "10.5 years is not a whole number", "Change one", line="horizon:"),
    Slip("D8_horizon_without_a_unit", "horizon: 5 years", "horizon: 10", "10: wanted", "10 years"),
    Slip("D8_cycle_in_other_words", "cycle: 1 month", "cycle: 30", "30", "Allowed: '1 month'"),
    Slip("D8_cycle_of_zero", "cycle: 1 month ", "cycle: 0 months ", "'0 months'", "Allowed: '1 month'"),
    Slip("D9_horizon_of_ten_thousand_years", "horizon: 5 years", "horizon: 10000 years", "10000 years is too long", "At most 1,200"),
    Slip("D17_negative_wait", "wait: 0 months", "wait: -4 weeks", '"-4 weeks" is negative', "runs forward"),
    Slip("follow_up_beyond_the_horizon", "follow_up: 24 months", "follow_up: 6 years", "longer than the horizon", "Lengthen"),
    Slip("people_in_halves", "people: 100", "people: 99.5", "99.5", "Wanted: a whole number"),
    Slip("cyclic_parameters", "product_of: [gp_ill, gp_ratio]", "product_of: [gp_ill, gp_well]", "gp_well → gp_well", "Break the circle", line="parameters:"),
    Slip("product_with_an_unknown_factor", "[gp_ill, gp_ratio]", "[gp_ill, gp_ration]", '"gp_ration"', '"gp_ratio"?'),
    Slip("product_of_the_wrong_units", "[gp_ill, gp_ratio]", "[gp_ill, gp_ill]", "is not", "Exactly one operand"),
    Slip("derived_value_that_its_unit_does_not_allow", "  causal: {", "  three: {label: T, unit: multiplier, value: 3, source: X001, status: assumption}\n"
         "  much: {label: M, unit: share, product_of: [three, attendance]}\n  causal: {", "2.4 is outside 0 to 1", "three = 3, attendance = 0.8",
         line="much: {"),
    Slip("ratio_to_nothing", "  causal: {", "  none: {label: N, unit: multiplier, value: 0, source: X001, status: assumption}\n"
         "  much: {label: M, unit: multiplier, ratio_of: [gp_ratio, none]}\n  causal: {", "divides by 0", "none = 0", line="much: {"),
    Slip("two_kinds_of_parameter", "product_of: [gp_ill, gp_ratio]", "product_of: [gp_ill, gp_ratio], value: 6", "found: product_of, value", "exactly one of"),
    Slip("alternatives_that_do_not_sum_to_one", "costs:\n", "alternatives:\n  a: {label: A, weight: attendance}\n  b: {label: B, weight: attendance}\ncosts:\n",
         "the weights sum to 1.6", "They sum to 1", line="alternatives:"),
    Slip("alternative_that_touches_a_parameter", "costs:\n", "alternatives:\n  a: {label: A, weight: 1, change: {parameters.age.value: 50}}\ncosts:\n",
         "may not touch parameters.age.value", "transitions, utilities", line="a: {label: A"),
]  # fmt: skip

FILES_AND_OVERLAYS = [
    Slip("F23_setting_that_is_not_there", "settings/example.yaml", "settings/exmple.yaml", '"exmple.yaml" does not exist', "Check the path", line="setting:"),
    Slip("index_that_is_not_there", "data/index.csv", "data/idx.csv", '"idx.csv" does not exist', "Check the path", file=SETTING),
    Slip("posterior_that_is_not_there", ATTENDANCE, "unit: share, joint: nowhere.csv", '"nowhere.csv" does not exist', "Check the path"),
    Slip("extends_a_missing_file", "extends: model.yaml", "extends: modle.yaml", '"modle.yaml" does not exist', "Check the path", file=OVERLAY, loads=OVERLAY),
    Slip("extends_itself", "extends: model.yaml", "extends: cautious.yaml", "extend each other: cautious.yaml → cautious.yaml", "must be a model file", file=OVERLAY, loads=OVERLAY),
    Slip("overlay_that_changes_nothing", "parameters.attendance.value: 0.7", "parameters.attendance.value: 0.80", "is 0.8 already", "Remove the line",
         file=OVERLAY, loads=OVERLAY),
    Slip("overlay_that_writes_a_number_differently", "parameters.attendance.value: 0.7", "parameters.sessions.value: 16.0", "is 16 already", "Remove the line",
         file=OVERLAY, loads=OVERLAY),
    Slip("overlay_of_an_unknown_parameter", "parameters.attendance.value", "parameters.attendence.value", '"attendence"', '"attendance"?', file=OVERLAY,
         loads=OVERLAY),
    Slip("overlay_of_an_unknown_key", "parameters.attendance.value", "parameters.attendance.valu", '"valu"', '"value"?', file=OVERLAY, loads=OVERLAY),
    Slip("overlay_beyond_the_support", "parameters.attendance.value: 0.7", "parameters.attendance.value: 70", "70 is outside 0 to 1", "percentage? 0.7",
         file=OVERLAY, loads=OVERLAY),
    Slip("overlay_of_a_derived_parameter", "parameters.attendance.value", "parameters.gp_well.value", 'no "value"', "Allowed: label", file=OVERLAY, loads=OVERLAY),
    Slip("overlay_that_adds_what_exists", "change:\n", "add: {parameters.age.value: 5}\nchange:\n", "exists already", "Use change", file=OVERLAY,
         loads=OVERLAY, line="add:"),
    Slip("F24_format_of_another_version", "format: 1", "format: 2", "format is 2", "Allowed: 1"),
    Slip("parameter_of_the_setting_declared_twice", "  causal: {", "  discount_costs: {label: D, unit: discount rate, value: 0.1, source: X001, status: assumption}\n"
         "  causal: {", 'declares the parameter "discount_costs" too', "in an overlay", line="  discount_costs: {"),
]  # fmt: skip

SLIPS = [
    *NAMES_AND_REFERENCES, *NUMBERS, *UNITS_PRICES_AND_SOURCES, *DISTRIBUTIONS, *STRUCTURE, *FILES_AND_OVERLAYS,
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_a_slip_is_refused_with_its_place_what_was_found_and_the_remedy(slip: Slip, tmp_path: Path) -> None:
    check_refusal(slip, tmp_path)


def test_names_of_slips_are_unique() -> None:
    assert len({slip.name for slip in SLIPS}) == len(SLIPS) > 100


def test_loading_the_example_without_a_slip_works(tmp_path: Path) -> None:
    unharmed = Slip("none", "people: 100", "people: 100", "", "").write(tmp_path)
    assert unharmed.name == MODEL
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        problems(unharmed)


@pytest.mark.parametrize(
    ("file", "old", "new", "found", "remedy"),
    [
        (
            MODEL,
            "unit: sessions, value: 16",
            "unit: sessions, value: 1,016",
            "parameters.sessions.value cannot be 1,016",
            "Write 1016.",
        ),
        (
            MODEL,
            "unit: sessions, value: 16",
            "unit: sessions, value: 1,016,000.5",
            "cannot be 1,016,000.5",
            "Write 1016000.5.",
        ),
        (MODEL, "range: [0, 1]", "range: [1,050, 2]", "parameters.causal.range cannot hold 1,050", "Write 1050."),
        (MODEL, "cycle: 1 month ", "cycle: 1 week ", "cycle is '1 week'", "'1 month'"),
        (MODEL, "horizon: 5 years", "horizon: five years", "horizon: ", "years"),
        (MODEL, "model: rates ", "model: rate ", "model is 'rate'", "'rates'"),
        (
            MODEL,
            "table: example_table,",
            "rate_ratios: {il: 1}, table: example_table,",
            '"il" is not a declared state',
            '"ill"',
        ),
        (
            MODEL,
            "usual_care: {label",
            "usual_care: {cohort: {start: {well: 1}}, label",
            "the comparator's people are those of cohort.start",
            "Change them there",
        ),
    ],
)
def test_a_mistake_is_one_line_with_cause_and_remedy(
    tmp_path: Path, file: str, old: str, new: str, found: str, remedy: str
) -> None:
    """Nothing is judged by what stands for a refused entry, and a broken number is no empty one."""
    path = example(tmp_path)
    replace(tmp_path / file, old, new)
    (line,) = problems(path)
    assert found in line
    assert remedy in line
