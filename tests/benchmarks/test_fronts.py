"""The front of error against time: where trained schemes are ahead, and which schemes are timed again."""

from benchmarks.fronts import ahead, finalists


def row(error, milliseconds, trained, *measures):
    return {"relative_l2": error, "milliseconds": milliseconds, "trained": trained, "measures": measures}


def test_a_trained_scheme_is_ahead_down_to_its_own_error_and_up_to_that_of_the_next_faster_plain_one():
    plain = [row(0.1, 1.0, False), row(0.01, 4.0, False)]
    assert ahead([*plain, row(0.02, 2.0, True)]) == [{"from": 0.1, "to": 0.02, "gain": 2.0, "factor": 5.0}]
    assert ahead([*plain, row(0.02, 5.0, True)]) == []


def test_finalists_lie_nearest_to_the_front_of_their_kind_and_take_no_longer_than_a_converged_solve():
    rows = [
        row(0.1, 3.0, False, "own nodes"),
        row(0.1, 1.0, False, "own nodes"),
        row(0.1, 2.0, True, "own nodes"),
        row(1e-9, 9.0, False, "own nodes"),
        row(0.01, 10.0, True, "own nodes"),
        row(0.01, 1.0, True, "all nodes"),
    ]
    assert finalists(rows, "own nodes", 40) == [1, 2, 3, 0]
    assert finalists(rows, "own nodes", 3) == [1, 2, 3]
