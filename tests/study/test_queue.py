"""Which job comes next, and how long it will take."""

import json
import math
from pathlib import Path
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from whence.paths import home
from whence.records import Pretraining
from whence.study import job as jobs
from whence.study.job import Job
from whence.study.queue import Queue
from whence.study.throughput import Throughput


def job(number: int, cost: float, *needs: Job, size: int = 32) -> Job:
    inputs = {"seed": number, "backbone": "net", "device": "cpu", "recipe": {"size": size}}
    return Job("toy", 1, inputs, needs=tuple(one.key for one in needs), cost=cost)


def seconds(one: Job) -> float:
    return one.cost


def test_the_longest_chain_goes_first_and_folds_follow_their_own_checkpoint() -> None:
    short, long = job(1, 10), job(2, 20)
    after_short = [job(10 + fold, 50, short) for fold in range(2)]
    after_long = job(20, 5, long)
    alone = job(30, 30)
    queue = Queue([alone, short, long, *after_short, after_long], seconds)
    assert queue.take(9, math.inf) == [short, alone, long]  # 10 + 50, 30, 20 + 5
    queue.done(long)
    assert queue.take(9, math.inf) == [after_long]
    queue.done(short)
    assert queue.take(1, math.inf) == [after_short[0]]
    queue.put_back(after_short[0])
    assert queue.take(9, math.inf) == after_short


def test_what_would_not_end_in_time_is_not_begun() -> None:
    queue = Queue([job(1, 100), job(2, 10), job(3, 5)], seconds)
    assert [one.cost for one in queue.take(5, 50)] == [10, 5]
    assert queue.take(5, math.inf) == []


def test_a_need_outside_the_plan_counts_as_met() -> None:
    outside = job(1, 1)
    inside = job(2, 1, outside)
    assert Queue([inside], seconds).take(1, math.inf) == [inside]


@given(st.lists(st.tuples(st.floats(1, 100), st.lists(st.integers(0, 30), max_size=3)), max_size=30))
def test_every_job_is_taken_once_and_never_before_what_it_needs(
    shape: list[tuple[float, list[int]]],
) -> None:
    plan: list[Job] = []
    for number, (cost, needs) in enumerate(shape):
        plan.append(job(number, cost, *(plan[n] for n in set(needs) if n < number)))
    queue, done = Queue(list(reversed(plan)), seconds), list[str]()
    while taken := queue.take(2, math.inf):
        for one in taken:
            assert set(one.needs) <= set(done)
        for one in taken:
            queue.done(one)
            done.append(one.key)
    assert sorted(done) == sorted(one.key for one in plan)


def finish(one: Job, seconds: float, energy: float | None = None) -> None:
    def work(job: Job, folder: Path) -> None:
        (folder / "result.json").write_text(json.dumps({"seconds": seconds, "energy_kwh": energy}))

    jobs.run(one, work)


def test_throughput_is_read_off_earlier_jobs_of_the_same_network_and_size() -> None:
    for number, took in enumerate((10.0, 20.0, 400.0)):
        finish(job(number, cost=100.0), took, energy=0.001)
    finish(job(9, cost=100.0, size=64), 1000.0)
    known = Throughput.of_earlier_jobs()
    assert known.seconds(job(50, cost=50.0)) == 10.0  # the median rate, 0.2 s per image and epoch
    assert known.seconds(job(50, cost=50.0, size=64)) == 500.0
    assert known.seconds(job(50, cost=50.0, size=128)) is None
    assert known.kwh(job(50, cost=50.0)) == 0.0005
    assert known.kwh(job(50, cost=50.0, size=64)) is None
    sizes = [
        sum(f.stat().st_size for f in done.parent.iterdir()) for done in (home() / "jobs").glob("*/*/done")
    ]
    assert known.size(job(50, cost=1.0)) == median(sizes)


def row(seconds: float, energy_kwh: float) -> Pretraining:
    return Pretraining(
        study="study", source="flowers", backbone="net", recipe="small", seed=1, auc=0.9, accuracy=0.8,
        validation_auc=0.9, validation_accuracy=0.8, train_auc=0.9, train_accuracy=0.8, converged=True,
        epochs=3, train_images=80, test_images=10, seconds=seconds, note="", device="cpu", host="elsewhere",
        job="", energy_kwh=energy_kwh,
    )  # fmt: skip


def test_other_machines_seconds_stand_in_only_where_nothing_like_it_was_measured_here() -> None:
    finish(job(1, cost=100.0), 20.0)
    known = Throughput.of_earlier_jobs()
    known.fill_in(
        [
            (job(2, cost=100.0), row(900.0, 1.0)),
            (job(3, cost=100.0, size=64), row(300.0, math.nan)),
            (job(4, cost=100.0, size=64), row(500.0, 0.2)),
        ]
    )
    assert known.seconds(job(5, cost=100.0)) == 20.0
    assert known.kwh(job(5, cost=100.0)) is None
    assert known.seconds(job(5, cost=50.0, size=64)) == 200.0
    assert known.kwh(job(5, cost=50.0, size=64)) == 0.1


def test_nothing_is_known_of_what_was_never_run() -> None:
    known = Throughput.of_earlier_jobs()
    assert (known.seconds(job(1, 5)), known.kwh(job(1, 5)), known.size(job(1, 5))) == (None, None, None)
    assert known.weight(job(1, 5)) == 5.0
