"""Which lane, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.errors import TooLarge
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.routing.choose import Decision, Question, choose, has_repository_marker
from twolane_server.settings.resolved import Mode

LOCAL, CLOUD = LaneName.LOCAL, LaneName.CLOUD

ASKED = Question(
    action="docstring",
    home=CLOUD,
    repository_wide=False,
    label=Label.OPEN,
    label_reasons=(),
    mode=Mode.AUTO,
    forced=None,
    instruction_marker=False,
    characters=2_000,
    local_tokens=800,
    cloud_tokens=700,
    answer_tokens=200,
    local_window=65_536,
    cloud_window=131_072,
    granted=True,
    grant_reason="",
    cloud_state=None,
    budget=None,
    cloud_most_usd=0.001,
    local_model="Qwen3-Coder",
    cloud_model="deepseek-v3.2",
)
SPENT = "$20.31 of the month's budget of $20.00 are spent"
NDA = replace(ASKED, label=Label.NDA, label_reasons=("clients/** in twolane.toml",))
LONG = replace(ASKED, characters=24_001, local_tokens=9_600, cloud_tokens=9_000)
STAYS = "NDA stays local although the cloud lane was asked for"
NO_GRANT = "this repository may not use the cloud lane (twolane trust grants it)"


# Each rule with the sentence of its decision and the text in a menu, in the rules' order.
RULES: dict[str, tuple[Question, str, str]] = {
    "NDA": (NDA, "local: NDA (clients/** in twolane.toml)", "[local: NDA clients/**]"),
    "NDA without a reason": (
        replace(NDA, label_reasons=()),
        "local: NDA (its label is unknown)",
        "[local: NDA]",
    ),
    "NDA and the cloud forced": (
        replace(NDA, forced=CLOUD),
        f"local: NDA (clients/** in twolane.toml); {STAYS}",
        "[local: NDA clients/**]",
    ),
    "NDA in the mode cloud": (
        replace(NDA, mode=Mode.CLOUD),
        f"local: NDA (clients/** in twolane.toml); {STAYS}",
        "[local: NDA clients/**]",
    ),
    "local forced": (
        replace(ASKED, forced=LOCAL, mode=Mode.CLOUD),
        "local: you asked for the local lane",
        "[local: as asked]",
    ),
    "mode local": (
        replace(ASKED, mode=Mode.LOCAL),
        "local: the mode is local",
        "[local: as asked]",
    ),
    "cloud forced comes before all that follows": (
        replace(
            LONG,
            forced=CLOUD,
            mode=Mode.LOCAL,
            home=LOCAL,
            repository_wide=True,
            instruction_marker=True,
        ),
        "cloud deepseek-v3.2: you asked for the cloud lane",
        "[cloud deepseek-v3.2]",
    ),
    "mode cloud": (
        replace(ASKED, mode=Mode.CLOUD, home=LOCAL),
        "cloud deepseek-v3.2: the mode is cloud",
        "[cloud deepseek-v3.2]",
    ),
    "cloud forced, budget spent": (
        replace(ASKED, forced=CLOUD, budget=SPENT),
        f"cloud deepseek-v3.2: you asked for the cloud lane; although {SPENT}",
        "[cloud deepseek-v3.2]",
    ),
    "cloud forced, no grant": (
        replace(ASKED, forced=CLOUD, granted=False),
        f"local: {NO_GRANT}",
        "[local: no grant]",
    ),
    "mode cloud, no grant": (
        replace(ASKED, mode=Mode.CLOUD, granted=False, grant_reason="the policy loosened"),
        "local: the policy loosened",
        "[local: no grant]",
    ),
    "cloud forced, rate-limited": (
        replace(ASKED, forced=CLOUD, cloud_state="rate-limited until 14:03"),
        "local: the cloud lane cannot be used now: rate-limited until 14:03",
        "[local: cloud unusable]",
    ),
    "cloud forced, too large for it": (
        replace(ASKED, forced=CLOUD, cloud_window=899),
        "local: about 900 tokens do not fit the cloud lane's window of 899",
        "[local: too large for the cloud]",
    ),
    "repository-wide": (
        replace(LONG, repository_wide=True, instruction_marker=True),
        "local: docstring works on the whole repository",
        "[local: repository-wide]",
    ),
    "marker": (
        replace(LONG, instruction_marker=True),
        "local: the instruction asks for the repository",
        "[local: repository context]",
    ),
    "long": (
        replace(LONG, granted=False),
        "local: 24,001 characters, more than 24,000",
        "[local: long prompt]",
    ),
    "no grant": (
        replace(ASKED, granted=False, cloud_window=1, cloud_state="down"),
        f"local: {NO_GRANT}",
        "[local: no grant]",
    ),
    "too large for the cloud": (
        replace(ASKED, cloud_window=899, cloud_state="down"),
        "local: about 900 tokens do not fit the cloud lane's window of 899",
        "[local: too large for the cloud]",
    ),
    "too large for the local home": (
        replace(ASKED, home=LOCAL, local_window=999),
        "cloud deepseek-v3.2: about 1,000 tokens do not fit the local lane's window of 999",
        "[cloud deepseek-v3.2]",
    ),
    "no key": (
        replace(ASKED, cloud_state="no key in HOLYSHEEP_API_KEY", budget=SPENT),
        "local: the cloud lane cannot be used now: no key in HOLYSHEEP_API_KEY",
        "[local: cloud unusable]",
    ),
    "refused by the border": (
        replace(ASKED, refused="it holds code of a.py, which is NDA", cloud_state="down"),
        "local: the border keeps it local: it holds code of a.py, which is NDA",
        "[local: kept by the border]",
    ),
    "budget": (
        replace(ASKED, budget=SPENT),
        f"local: {SPENT}",
        "[local: budget]",
    ),
    "budget and the mode cloud": (
        replace(ASKED, mode=Mode.CLOUD, budget=SPENT),
        f"local: {SPENT}",
        "[local: budget]",
    ),
    "home cloud": (
        ASKED,
        "cloud deepseek-v3.2: docstring's home lane",
        "[cloud deepseek-v3.2]",
    ),
    "home local": (
        replace(ASKED, home=LOCAL, granted=False, cloud_state="down", budget=SPENT),
        "local: docstring's home lane",
        "[local]",
    ),
    "24,000 characters are not too many": (
        replace(LONG, characters=24_000),
        "cloud deepseek-v3.2: docstring's home lane",
        "[cloud deepseek-v3.2]",
    ),
    "a full window is not too small": (
        replace(ASKED, cloud_window=900),
        "cloud deepseek-v3.2: docstring's home lane",
        "[cloud deepseek-v3.2]",
    ),
}


@pytest.mark.parametrize(("question", "sentence", "short"), RULES.values(), ids=RULES.keys())
def test_each_rule_and_its_reason(question: Question, sentence: str, short: str) -> None:
    decision = choose(question)
    assert str(decision) == sentence
    assert decision.short == short
    assert decision.label is question.label
    assert decision.model == ("Qwen3-Coder" if decision.lane is LOCAL else "deepseek-v3.2")


@pytest.mark.parametrize(
    "question",
    [
        NDA,
        replace(NDA, forced=CLOUD),
        replace(ASKED, forced=LOCAL),
        replace(ASKED, mode=Mode.LOCAL),
        replace(ASKED, repository_wide=True),
        replace(ASKED, instruction_marker=True),
        LONG,
        replace(ASKED, granted=False),
        replace(ASKED, forced=CLOUD, granted=False),
        replace(ASKED, home=LOCAL, granted=False),
        replace(ASKED, home=LOCAL, cloud_state="down"),
        replace(ASKED, home=LOCAL, budget=SPENT),
        replace(ASKED, home=LOCAL, cloud_window=899),
        replace(ASKED, cloud_window=899),
    ],
)
def test_what_must_stay_local_and_does_not_fit_is_an_error(question: Question) -> None:
    with pytest.raises(TooLarge, match=r"do not fit the local lane's window of 999") as error:
        choose(replace(question, local_window=999))
    assert error.value.reasons
    assert all(reason in str(error.value) for reason in error.value.reasons)


def test_the_error_says_why_the_cloud_is_no_way_out() -> None:
    with pytest.raises(TooLarge) as error:
        choose(replace(ASKED, home=LOCAL, local_window=999, cloud_state="down"))
    assert error.value.reasons == (
        "docstring's home lane",
        "the cloud lane cannot be used now: down",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ctx_repo: all callers", True),
        ("use [REPO_CTX] please", True),
        ("CTX_REPO:x", True),
        ("[repo_ctx]", True),
        ("the ctx_repo variable", False),
        ("REPO_CTX", False),
        ("", False),
    ],
)
def test_the_marker_for_the_repository(text: str, found: bool) -> None:  # noqa: FBT001 - a table's column
    assert has_repository_marker(text) is found


TOKENS = st.integers(0, 300_000)
QUESTIONS = st.builds(
    Question,
    action=st.text(),
    home=st.sampled_from(LaneName),
    repository_wide=st.booleans(),
    label=st.sampled_from(Label),
    label_reasons=st.lists(st.text(), max_size=2).map(tuple),
    mode=st.sampled_from(Mode),
    forced=st.sampled_from([None, *LaneName]),
    instruction_marker=st.booleans(),
    characters=st.integers(0, 50_000),
    local_tokens=TOKENS,
    cloud_tokens=TOKENS,
    answer_tokens=TOKENS,
    local_window=TOKENS,
    cloud_window=TOKENS,
    granted=st.booleans(),
    grant_reason=st.text(),
    cloud_state=st.one_of(st.none(), st.text()),
    budget=st.one_of(st.none(), st.text()),
    cloud_most_usd=st.one_of(st.none(), st.floats(0, 9)),
    local_model=st.text(),
    cloud_model=st.text(),
)


def decide(question: Question) -> Decision | TooLarge:
    try:
        return choose(question)
    except TooLarge as error:
        return error


@given(QUESTIONS)
def test_every_question_has_an_answer_with_a_reason(question: Question) -> None:
    decision = decide(question)
    assert decision.reasons
    if isinstance(decision, Decision):
        window = question.local_window if decision.lane is LOCAL else question.cloud_window
        assert question.tokens(decision.lane) <= window
        assert decision.short.startswith("[")


@given(QUESTIONS)
def test_the_cloud_is_for_what_is_open_granted_and_usable(question: Question) -> None:
    decision = decide(question)
    if isinstance(decision, Decision) and decision.lane is CLOUD:
        assert question.label is Label.OPEN
        assert question.granted
        assert question.cloud_state is None
        assert question.forced is not LOCAL
        assert question.forced is CLOUD or question.budget is None
        assert decision.beyond_budget == (question.forced is CLOUD)
        wished = question.forced is CLOUD or question.mode is Mode.CLOUD
        assert wished or not (
            question.repository_wide
            or question.instruction_marker
            or question.characters > 24_000
            or question.mode is Mode.LOCAL
        )


@given(QUESTIONS)
def test_nothing_about_the_cloud_moves_a_local_decision_to_it(question: Question) -> None:
    """The local lane's state is no part of a question, and a worse cloud never attracts."""
    before = decide(question)
    for worse in (
        replace(question, label=Label.NDA),
        replace(question, granted=False),
        replace(question, cloud_state="down"),
        replace(question, budget=SPENT),
        replace(question, cloud_window=0),
    ):
        after = decide(worse)
        if not (isinstance(before, Decision) and before.lane is CLOUD):
            assert not (isinstance(after, Decision) and after.lane is CLOUD)


@given(QUESTIONS)
def test_only_a_local_window_that_is_too_small_moves_a_local_home_to_the_cloud(
    question: Question,
) -> None:
    question = replace(question, home=LOCAL, mode=Mode.AUTO, forced=None)
    decision = decide(question)
    if isinstance(decision, Decision) and decision.lane is CLOUD:
        assert question.tokens(LOCAL) > question.local_window
