"""One run of the simulation: clients and workers on real connections, a clock that jumps, faults, all by one seed.

The code that accepts, steps, cancels, retries and purges is the real one, and so is PostgreSQL. What is decided by
chance is decided by ``random.Random(seed)`` alone, so a seed is a run.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec
import psycopg

from prismd.api.http.idempotency import Write, answer_once
from prismd.core.errors import PrismdError
from prismd.core.ids import TimeOrderedIds
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.core.imports.retry import RetryRequest
from prismd.core.lists.definitions import List
from prismd.core.properties.schema import APP_STAGE, LISTS, Property
from prismd.core.records.keys import KeyRule
from prismd.services.idempotency.claims import Answer
from prismd.services.imports import jobs
from prismd.services.imports.control import cancel_job, retry_job
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.stepping import step_next
from prismd.services.imports.turns import OutOfReachError
from prismd.services.runtime import Runtime, SoleRuntime
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, Pool, bind_session
from prismd.store.lists import insert_list
from prismd.store.properties import insert_property
from prismd.store.records.record_keys import add_key
from prismd.store.teams import insert_team
from prismd.worker.retention import Purge
from tests.pipeline_switch import SETTINGS
from tests.simulation.expectation import ADDRESSES, POISON, Asked, Expectation, Violation, demand, encoded
from tests.simulation.faults import (
    Call,
    Fault,
    SimulatedConnection,
    choose_conflict,
    drive,
    has_answer,
    is_commit,
    name_of,
    refuse,
)
from tests.simulation.fibers import Fiber
from tests.simulation.requests import KEY_SLUGS, LINKED_TYPES, LIST_IDS, TYPES, Wishes
from tests.simulation.snapshot import Reader

_START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_LIMITS: Final = RequestLimits(rows_max=1_000)
#: Turns after which a simulation whose faults are over must have come to rest.
_TURNS_TO_REST_MAX: Final = 2_000


@dataclass
class Report:
    """What a run was made of."""

    seed: int
    log: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    chunks: int = 0
    violation: str | None = None


@dataclass
class Actor:
    """Somebody with a connection who does one thing after the other."""

    name: str
    connection: SimulatedConnection | None = None
    fiber: Fiber | None = None
    stalled: int = 0
    blocked: bool = False
    pipeline: ImportPipeline | None = None
    purge: Purge | None = None


class Simulation:
    """One run.

    Args:
        seed: Decides everything.
        open_connection: Opens connections; those of earlier runs may be among them.
        watcher: Sees what is committed, and ends sessions; in autocommit mode.
    """

    def __init__(self, seed: int, connections: Connections, watcher: Connection) -> None:
        self.report = Report(seed)
        self._chance = random.Random(seed)
        self._connections, self._watcher = connections, watcher
        self._time = self._earliest = self._latest = _START
        self._faulty, self._abandoned = True, False
        chance = self._chance
        self._settings = replace(
            SETTINGS,
            step_attempts_max=chance.randint(1, 3),
            row_faults_max=chance.choice([0, 1, 100]),
            running_jobs_per_team_max=chance.choice([1, 2, 100]),
            active_jobs_per_team_max=chance.choice([3, 100]),
        )
        self._switching, self._failing = chance.choice([0.02, 0.1, 0.3]), chance.choice([0.005, 0.015, 0.04])
        self._favourite = chance.choice([None, None, *Fault])
        self._ids = TimeOrderedIds(lambda: int(self._time.timestamp() * 1000), chance.getrandbits)
        self._teams = self._make_teams(chance.randint(1, 2))
        self._asked: list[Asked] = []
        self._errands: list[Callable[[Actor], object]] = []
        self._expectation = Expectation(
            self._asked, self._rules(), faults_max=self._settings.row_faults_max, keys_expired=self._keys_expired
        )
        self._reader = Reader(watcher, list(self._teams))
        self._wishes = Wishes(chance)
        self._workers = [Actor(f"worker {number}") for number in range(chance.randint(1, 3))]
        self._clients = [Actor(f"client {number}") for number in range(2)]
        for worker in self._workers:
            worker.pipeline = ImportPipeline() if chance.random() < 0.2 else None

    def run(self) -> Report:
        """Run to the end, and say what happened."""
        try:
            for _ in range(self._chance.randint(10, 45)):
                self._turn()
            self._come_to_rest()
        except Violation as violation:
            self.report.violation = str(violation)
        except Exception as error:  # noqa: BLE001 - whatever the code under test lets escape is a finding
            self.report.violation = f"{type(error).__name__}: {error}"
        finally:
            self._leave()
        self.report.chunks = self._expectation.chunks_done
        return self.report

    # The turns

    def _turn(self) -> None:
        chance = self._chance
        if chance.random() < 0.06:
            self._turn_the_clock()
        if chance.random() < 0.3 and len(self._asked) < 6:
            self._errands.append(self._import_errand())
        if chance.random() < 0.2 and self._expectation.jobs:
            self._errands.append(self._control_errand())
        self._resume_or_begin(chance.choice([*self._workers, *self._workers, *self._clients]))

    def _resume_or_begin(self, actor: Actor) -> None:
        if actor.stalled:
            self._stand_still(actor)
        elif actor.fiber is None:
            work = self._next_work(actor)
            if work:
                actor.fiber = Fiber(actor.name, lambda: self._guarded(actor, work))
        elif actor.blocked:
            return
        if actor.fiber and not actor.stalled:
            actor.fiber.resume()
            if actor.fiber.ended:
                actor.fiber = None

    def _next_work(self, actor: Actor) -> Callable[[], object] | None:
        if actor in self._workers:
            upkeep = self._faulty and self._chance.random() < 0.05
            return (lambda: self._purge(actor)) if upkeep else (lambda: self._step(actor))
        if self._errands:
            errand = self._errands.pop(self._chance.randrange(len(self._errands)))
            return lambda: errand(actor)
        return None

    def _stand_still(self, actor: Actor) -> None:
        actor.stalled -= 1
        if self._chance.random() < 0.2 and actor.connection:
            self._say(f"{actor.name} is cut off while it stands still")
            self._end_session(actor.connection)
            self._settle()

    def _come_to_rest(self) -> None:
        self._faulty = False
        # A clock that was set back keeps waiting what was to begin at a time that it had shown before.
        self._time = self._latest
        self._say("no more faults, and a clock that only goes forwards")
        for actor in self._actors():
            actor.stalled = 0
        for _ in range(_TURNS_TO_REST_MAX):
            waiting = [actor for actor in self._actors() if actor.fiber or (actor in self._clients and self._errands)]
            able = [actor for actor in waiting if not actor.blocked]
            if able:
                self._resume_or_begin(able[0])
            elif waiting:
                demand(False, "{} wait for each other for ever", [actor.name for actor in waiting])  # noqa: FBT003
            elif all(job.ended for job in self._expectation.jobs.values()):
                break
            else:
                self._time += timedelta(seconds=30)
                self._resume_or_begin(self._workers[0])
        self._observe()
        for key, job in self._expectation.jobs.items():
            demand(job.ended, "job {} never came to its end", key)

    def _turn_the_clock(self) -> None:
        seconds = self._chance.choice([1, 5, 60, 3600, -5, -3600, 86_400, 8 * 86_400, -86_400])
        self._time += timedelta(seconds=seconds)
        self._earliest, self._latest = min(self._earliest, self._time), max(self._latest, self._time)
        self._say(f"the clock jumps by {seconds} s")

    def _keys_expired(self) -> bool:
        settings = self._settings
        kept = timedelta(hours=settings.idempotency_hours, days=settings.idempotency_stale_days)
        return self._latest - self._earliest >= kept

    # What workers do

    def _step(self, worker: Actor) -> None:
        try:
            step = step_next(self._alone(worker), pipeline=worker.pipeline)
        except OutOfReachError as error:
            self._say(f"{worker.name} cannot reach {error.entry.job_id[-6:]}")
            return
        if step:
            self._say(f"{worker.name} {'failed at' if step.failed else 'stepped'} {step.job.id[-6:]} {step.job.cursor}")

    def _purge(self, worker: Actor) -> None:
        self._expectation.purge_asked = True
        purge = worker.purge = worker.purge or Purge()
        # Those before are of earlier runs.
        purge.team_id = max(purge.team_id, min(self._teams) - 1)
        purged = purge.step(self._alone(worker))
        self._say(f"{worker.name} purged {'something' if purged else 'nothing'}")

    def _alone(self, worker: Actor) -> SoleRuntime:
        # The clock can jump in the middle of a turn, and a turn has one time.
        at = self._time
        return SoleRuntime(self._connected(worker), self._settings, lambda: at, self._ids)

    # What clients do

    def _import_errand(self) -> Callable[[Actor], object]:
        asked = self._wishes.asked(list(self._teams))
        key = f"key {len(self._asked)}" if self._chance.random() < 0.7 else None
        asked.once = key is not None
        self._asked.append(asked)
        body = encoded(asked.rows, asked.options)
        settings = replace(
            self._settings, rows_per_chunk=asked.chunk, sync_rows_max=len(asked.rows) if asked.synchronous else 0
        )

        def work(transaction: Transaction) -> jobs.Submitted:
            request = parse_request(asked.object_type, body, _LIMITS)
            return jobs.submit(transaction, request)

        return lambda client: self._submit(client, asked, key, settings, work)

    def _control_errand(self) -> Callable[[Actor], object]:
        jobs = self._expectation.jobs
        key = self._chance.choice([*jobs])
        return (
            self._cancel_errand(key) if not jobs[key].ended and self._chance.random() < 0.5 else self._retry_errand(key)
        )

    def _cancel_errand(self, key: tuple[int, str]) -> Callable[[Actor], object]:
        def cancel(client: Actor) -> None:
            if key in self._expectation.jobs:
                self._expectation.jobs[key].asked.cancelled = True
            runtime = Runtime(cast("Pool", _Lender(self, client)), self._settings, lambda: self._time, self._ids)
            with Session(runtime, key[0]).transaction() as transaction:
                try:
                    cancel_job(transaction, key[1])
                except PrismdError as error:
                    demand(error.code in ("not_found", "import_ended"), "cancel: {}", error)
            self._say(f"{client.name} cancelled {key[1][-6:]}")

        return cancel

    def _retry_errand(self, key: tuple[int, str]) -> Callable[[Actor], object]:
        parent = self._expectation.jobs[key].asked
        asked = replace(
            parent, rows=[], job_ids=set(), parent=key[1], cancelled=False,
            accepted=False, once=True, synchronous=False,
            not_attempted=self._chance.random() < 0.5,
        )  # fmt: skip
        failed = [one["index"] for one in self._expectation.jobs[key].verdicts if one["outcome"] == "failed"]
        rows = {index: self._wishes.row(parent) for index in failed if self._chance.random() < 0.4}
        asked.corrections = rows
        number = len(self._asked)
        self._asked.append(asked)
        request = RetryRequest(
            {index: msgspec.Raw(msgspec.json.encode({"default": row})) for index, row in rows.items()},
            not_attempted=asked.not_attempted,
        )
        settings = replace(self._settings, rows_per_chunk=asked.chunk, sync_rows_max=0)

        def work(transaction: Transaction) -> jobs.Submitted:
            return retry_job(transaction, key[1], request)

        return lambda client: self._submit(client, asked, f"key {number}", settings, work)

    def _submit(
        self,
        client: Actor,
        asked: Asked,
        key: str | None,
        settings: Settings,
        work: Callable[[Transaction], jobs.Submitted],
    ) -> None:
        def new_id() -> str:
            asked.job_ids.add(made := self._ids())
            return made

        runtime = Runtime(cast("Pool", _Lender(self, client)), settings, lambda: self._time, new_id)

        def submit(transaction: Transaction) -> Answer:
            submitted = work(transaction)
            return Answer(202, json.dumps({"id": submitted.job.id}).encode(), {})

        def again(_error: object) -> None:
            if key is not None:
                self._errands.append(lambda other: self._submit(other, asked, key, settings, work))

        fingerprint = repr((key, asked.rows)).encode()
        try:
            answer, replayed = answer_once(Session(runtime, asked.team_id), Write(key, fingerprint, submit, _refused))
        except psycopg.errors.CheckViolation:
            bad = sum(row.get("country") == POISON for row in asked.rows)
            demand(bad > settings.row_faults_max, "a synchronous import failed for {} bad rows", bad)
            self._say(f"{client.name} sent more rows that the database refuses than are let pass")
            return
        except psycopg.Error as error:
            again(error)
            raise
        if answer.body == b"idempotency_key_in_progress" or (answer.status == 429 and self._faulty):
            again(answer)
        self._say(f"{client.name} got {answer.status} {answer.body!r}{' again' if replayed else ''} under {key}")
        if answer.status == 202:
            job_key = asked.team_id, json.loads(answer.body)["id"]
            known = job_key in self._expectation.jobs or job_key in self._expectation.gone
            demand(known, "job {} was promised and is not there", job_key)

    # Calls to the database

    def call(self, connection: SimulatedConnection, call: Call) -> Any:
        """Make a call to the database: perhaps later, perhaps in vain."""
        actor = next(actor for actor in self._actors() if actor.connection is connection)
        assert actor.fiber
        commit = is_commit(connection, call)
        if self._abandoned:
            call.close()
            raise psycopg.OperationalError("the simulation is over")
        if self._faulty and self._chance.random() < self._switching:
            actor.fiber.pause()
        if self._faulty and self._chance.random() < self._failing * (4 if commit else 1):
            return self._fail(actor, connection, call, commit=commit)
        try:
            return drive(connection, call, lambda: self._wait_for_answer(actor, connection))
        finally:
            self._after(call, commit=commit)

    def _fail(self, actor: Actor, connection: SimulatedConnection, call: Call, *, commit: bool) -> Any:
        possible = [one for one in Fault if self._can_happen(one, call, commit=commit)]
        fault = self._chance.choice([*possible, *[one for one in possible if one is self._favourite] * 20])
        self.report.faults[fault] += 1
        self._say(f"{actor.name}: {fault}: {name_of(call)}")
        assert actor.fiber
        lose_answer = fault in (Fault.LOST_ANSWER, Fault.LOST_COMMIT)
        if fault is Fault.LOST_BEFORE:
            connection.pgconn.finish()
            self._end_session(connection)
        elif fault is Fault.TERMINATED:
            self._end_session(connection)
        elif fault is Fault.CONFLICT:
            call.close()
            raise refuse(connection, choose_conflict(self._chance.choice))
        elif fault is Fault.CONFLICT_AT_COMMIT:
            connection.pgconn.exec_(b"INSERT INTO conflict VALUES ('40001')")
        elif fault is Fault.STALL:
            actor.stalled = self._chance.randint(1, 25)
            actor.fiber.pause()
        try:
            return drive(connection, call, lambda: self._wait_for_answer(actor, connection), lose_answer=lose_answer)
        finally:
            if lose_answer:
                connection.pgconn.finish()
                self._end_session(connection)
            self._after(call, commit=commit)

    @staticmethod
    def _can_happen(fault: Fault, call: Call, *, commit: bool) -> bool:
        if fault is Fault.CONFLICT:
            return name_of(call).endswith("Cursor._execute_gen")
        return {Fault.LOST_COMMIT: commit, Fault.CONFLICT_AT_COMMIT: commit, Fault.LOST_ANSWER: not commit}.get(
            fault, True
        )

    def _after(self, call: Call, *, commit: bool) -> None:
        if self._abandoned:
            return
        if not name_of(call).endswith("_execute_gen"):
            self._settle()
        if commit:
            self._observe()

    def _observe(self) -> None:
        self.report.checks += 1
        self._expectation.observe(self._reader.read())

    # Sessions and locks

    def _wait_for_answer(self, actor: Actor, connection: SimulatedConnection) -> None:
        while not has_answer(connection, 0.001):
            if self._is_blocked(connection):
                actor.blocked = True
                assert actor.fiber
                while actor.blocked:
                    actor.fiber.pause()

    def _settle(self) -> None:
        """Wait until each session that waited for a lock has its answer, or waits for another one that stands still."""
        if self._abandoned:
            return
        for actor in self._actors():
            while actor.blocked and actor.connection:
                if has_answer(actor.connection, 0.0005):
                    actor.blocked = False
                elif self._is_blocked(actor.connection):
                    break

    def _is_blocked(self, connection: SimulatedConnection) -> bool:
        row = self._watcher.execute("SELECT pg_blocking_pids(%s)", (connection.pid,)).fetchone()
        others = {actor.connection.pid for actor in self._actors() if actor.connection}
        return bool(row and others.intersection(row[0]))

    def _end_session(self, connection: SimulatedConnection) -> None:
        # PostgreSQL's own wait for the end of a session looks every tenth of a second, which is long here.
        self._watcher.execute("SELECT pg_terminate_backend(%s)", (connection.pid,))
        while self._watcher.execute("SELECT FROM pg_stat_get_activity(%s)", (connection.pid,)).rowcount:
            pass

    def _guarded(self, actor: Actor, work: Callable[[], object]) -> None:
        try:
            work()
        except psycopg.Error as error:
            # What the loop of a worker and the pool of a server do: a new connection is the cure.
            self._say(f"{actor.name} lost its connection: {type(error).__name__}")
            if actor.connection:
                self._end_session(actor.connection)
                actor.connection.close()
                self._settle()
            actor.connection = None

    def _connected(self, actor: Actor) -> SimulatedConnection:
        if actor.connection is None or actor.connection.closed:
            actor.connection = self._connections.take()
            actor.connection.execute("RESET ROLE")
            if actor in self._clients:
                bind_session(actor.connection)  # as a pool does
            actor.connection.conductor = self
        return actor.connection

    @contextlib.contextmanager
    def _lent(self, client: Actor) -> Iterator[Connection]:
        connection = self._connected(client)
        try:
            yield connection
        except BaseException:
            if not connection.closed:
                connection.rollback()
            raise
        connection.commit()

    def _leave(self) -> None:
        self._abandoned = True
        for actor in self._actors():
            if actor.fiber:
                if actor.connection:
                    self._end_session(actor.connection)
                actor.fiber.abandon()
            if actor.connection:
                actor.connection.conductor = None
                self._connections.give_back(actor.connection)

    def _actors(self) -> list[Actor]:
        return [*self._workers, *self._clients]

    # The beginning

    def _make_teams(self, count: int) -> dict[int, str]:
        self._watcher.execute("DELETE FROM import_job")
        self._watcher.execute("DELETE FROM import_queue")
        self._watcher.execute("DELETE FROM idempotency_claim")
        teams = {}
        for _ in range(count):
            row = self._watcher.execute("SELECT gen_random_uuid()::text").fetchone()
            assert row
            team_id = insert_team(self._watcher, row[0], _START)
            teams[team_id] = row[0]
            for object_type in TYPES:
                insert_property(self._watcher, team_id, object_type, _custom(self._ids()), now=_START)
                self._make_list(team_id, object_type)
            insert_property(self._watcher, team_id, "organization", _addresses(self._ids()), now=_START)
        return teams

    def _make_list(self, team_id: int, object_type: str) -> None:
        made = List(LIST_IDS[object_type], object_type, "custom", "List", None, None, _START)
        stage = Property(made.id, APP_STAGE, "select_str", "Stage", list_id=made.id, alias=APP_STAGE)
        insert_list(self._watcher, team_id, made)
        insert_property(self._watcher, team_id, object_type, stage, now=_START)
        add_key(self._watcher, team_id, object_type, LISTS.key)

    def _rules(self) -> dict[tuple[str, str], KeyRule]:
        text = {slug: Property(slug, slug, "str", slug) for slug in KEY_SLUGS} | {LISTS.slug: LISTS}
        rules = {(object_type, prop.slug): prop for object_type in TYPES for prop in text.values()}
        rules["contact", "email"] = Property("email", "email", "str", "Email")
        rules |= {(object_type, ADDRESSES): _addresses("") for object_type in LINKED_TYPES}
        return {key: KeyRule(key[0], prop, fold_case=True) for key, prop in rules.items()}

    def _say(self, what: str) -> None:
        self.report.log.append(f"{self._time:%m-%d %H:%M:%S} {what}")


class Connections:
    """Connections that outlive runs, as opening one is the costliest thing that a run does."""

    def __init__(self, open_connection: Callable[[], SimulatedConnection]) -> None:
        self._open = open_connection
        self._free: list[SimulatedConnection] = []

    def take(self) -> SimulatedConnection:
        while self._free:
            if not (connection := self._free.pop()).closed:
                return connection
        connection = self._open()
        connection.pid = connection.info.backend_pid
        return connection

    def close(self) -> None:
        """Close all that nobody uses."""
        for connection in self._free:
            connection.close()

    def give_back(self, connection: SimulatedConnection) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        if not connection.closed and connection.pgconn.transaction_status == idle:
            self._free.append(connection)
        else:
            connection.close()


class _Lender:
    """Stands where a pool stands, and lends a client its one connection."""

    def __init__(self, simulation: Simulation, client: Actor) -> None:
        self._simulation, self._client = simulation, client

    def connection(self) -> contextlib.AbstractContextManager[Connection]:
        return self._simulation._lent(self._client)


def _refused(error: PrismdError) -> Answer:
    return Answer(error.status, error.code.encode(), {})


def _addresses(property_id: str) -> Property:
    return Property(property_id, ADDRESSES, "multiref_contact", "Addresses")


def _custom(property_id: str) -> Property:
    return Property(property_id, "code", "str", "Code")
