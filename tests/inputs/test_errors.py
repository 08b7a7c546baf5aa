"""An error says where, what was found and what to do, and all errors are told at once."""

from costmodel.errors import InputError, Problem, nearest


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("a.yaml, line 5", 'there is no parameter "session_prize"', 'Did you mean "session_price"?')
    assert str(problem) == ('a.yaml, line 5: there is no parameter "session_prize". Did you mean "session_price"?')
    assert str(Problem("--set", "nothing was given")) == "--set: nothing was given."


def test_an_error_lists_all_its_problems() -> None:
    error = InputError(Problem("a", "first"), Problem("b", "second"))
    assert str(error) == "a: first.\nb: second."
    assert InputError.at("a", "first").problems == (Problem("a", "first"),)


def test_the_nearest_name_is_suggested_whatever_its_case() -> None:
    assert nearest("Session_Prize", ["attendance", "session_price"]) == 'Did you mean "session_price"?'
    assert nearest("x", ["share", "rate"]) == "Allowed: share, rate."
    assert nearest("x", [f"name_{i}" for i in range(50)]).endswith("name_11, …")
    assert nearest("x", []) == "Nothing is allowed here."
