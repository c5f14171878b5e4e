"""A file of an export comes back as it was put away, and no larger than it may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.store.gate import principal

from tasuki.shared.access.exports.files import Line, as_line, in_files, packed, unpacked
from tasuki.shared.access.exports.jobs import LEASE, Job, State
from tasuki.shared.access.pages import bound_to

AT = datetime(2026, 1, 5, 1, 2, 3, 456_000, tzinfo=UTC)
LINES = st.lists(
    st.builds(
        Line,
        owner=st.sampled_from(["", "p1", "p2"]),
        type=st.just("Condition"),
        id=st.text("abc", min_size=1, max_size=3),
        version=st.integers(1, 9),
        deleted=st.booleans(),
        body=st.binary(min_size=1, max_size=20).filter(lambda body: b"\n" not in body),
    ),
    max_size=20,
)


@given(LINES.filter(bool))
def test_what_is_packed_is_unpacked(lines: list[Line]) -> None:
    assert unpacked(packed(lines)) == lines


@given(LINES, st.integers(1, 60))
def test_files_hold_every_line_once_in_order_and_are_small(lines: list[Line], most: int) -> None:
    files = in_files(lines, most)
    assert [line for file in files for line in file] == lines
    assert all(file for file in files)
    assert all(len(file) == 1 or sum(len(one.body) for one in file) <= most for file in files)


def test_a_resource_is_on_one_line() -> None:
    assert as_line(b'{"resourceType": "Patient"}') == b'{"resourceType": "Patient"}'
    assert as_line(b'{\n"resourceType":\n"Patient", "x": 1.50}') == (
        b'{"resourceType":"Patient","x":1.50}'
    )


def job(**more: object) -> Job:
    """Return an export of two types."""
    given_: dict[str, object] = {
        "id": "j1",
        "bound": tuple(bound_to(principal())),
        "request": "https://noto.example/$export",
        "types": ("Condition", "Patient"),
        "since": None,
        "owners": None,
        "people_only": False,
        "until": AT,
        "ends": AT + timedelta(hours=3),
        "beat": AT,
        **more,
    }
    return Job(**given_)  # type: ignore[arg-type]  # the fields of a Job, by name


def test_a_job_is_read_back_as_it_was() -> None:
    for one in (
        job(),
        job(since=AT, owners=("p1",), files=(("output", "Patient"),), state=State.FAILED),
        job(owners=(), people_only=True, failure="x"),
    ):
        assert Job.from_bytes(one.to_bytes()) == one


def test_a_job_goes_from_type_to_type_and_is_done() -> None:
    first = job().advanced("c9", (("output", "Condition"),), AT)
    assert (first.place, first.after, first.state) == (0, "c9", State.RUNNING)
    assert first.next_slice().after == "c9"
    second = first.advanced(None, (), AT)
    assert (second.next_slice().type, second.next_slice().after) == ("Patient", "")
    done = second.advanced(None, (("output", "Patient"), ("deleted", "Patient")), AT)
    assert (done.state, len(done.files), done.over) == (State.DONE, 3, True)
    assert done.ends == AT + timedelta(hours=1)


def test_a_job_is_abandoned_when_nobody_took_it_up_or_its_process_is_silent() -> None:
    late = AT + LEASE + timedelta(seconds=1)
    assert job().abandoned(AT)
    assert not job(attempt=1).abandoned(AT + LEASE)
    assert job(attempt=1).abandoned(late)
    assert not job(attempt=1, state=State.DONE).abandoned(late)
