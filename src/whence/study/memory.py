"""A job that ran out of memory is planned again as another job, with half as many images at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from whence.study.job import Job
from whence.study.plan import Entry, Plan

FEWEST = 2  # images at a time: batch normalisation has no variance to compute on one


def smaller(job: Job) -> Job | None:
    """The same training with half as many images at a time, under a key of its own; None if they cannot be fewer."""
    recipe = job.inputs["recipe"]
    at_a_time = min(recipe["batch"], recipe.get("micro_batch") or recipe["batch"])
    if at_a_time // 2 < FEWEST:
        return None
    inputs = {**job.inputs, "recipe": {**recipe, "micro_batch": at_a_time // 2}}
    return replace(
        job, inputs=inputs, locate={**job.locate, "because": f"out of memory with {at_a_time} at a time"}
    )


def settled(entries: list[Entry], known: Collection[str] = ()) -> list[Entry]:
    """The entries with the jobs that stand for them now: where one ran out of memory, the smaller one.

    `known` are the keys of jobs whose results are at hand, so that a smaller job counts although the failure of the
    larger one is forgotten. What builds on a smaller pretraining is another job too.
    """
    replaced: dict[str, str] = {}
    found = []
    for entry in sorted(entries, key=lambda entry: bool(entry.target)):  # pretrainings first
        planned, job = entry.job, entry.job
        if (base := job.inputs.get("pretraining")) in replaced:
            key = replaced[base]
            job = replace(job, inputs={**job.inputs, "pretraining": key}, needs=(key,))
            entry = replace(entry, source_recipe=key[:8])
        job = _standing_for(job, known)
        replaced[planned.key] = job.key
        found.append(replace(entry, job=job))
    return found


def settled_plan(plan: Plan, known: Collection[str] = ()) -> Plan:
    """A study's plan with `settled` entries."""
    found = settled(plan.entries, known)
    count = len(plan.pretrainings)
    return replace(plan, pretrainings=found[:count], finetunings=found[count:])


def _standing_for(job: Job, known: Collection[str]) -> Job:
    for one in _ever_smaller(job):
        if one.key in known:
            return one
    for one in _ever_smaller(job):
        if not one.ran_out_of_memory:
            return one
    return one


def _ever_smaller(job: Job) -> Iterator[Job]:
    following: Job | None = job
    while following is not None:
        yield following
        following = smaller(following)
