"""Settings: each bad value is named once and left out, the good ones live, no key is shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import put
from twolane_server.problems import Problem
from twolane_server.settings.environment import VARIABLES
from twolane_server.settings.load import Latest, load
from twolane_server.settings.resolved import (
    CLOUD,
    LOCAL,
    Folders,
    HealthSettings,
    KeySource,
    Mode,
    Settings,
)
from twolane_server.settings.sent_lanes import Health

FAKE_KEY = "sk-" + "x" * 20
UNREAD = "until it can be read, the defaults hold and all code is taken as NDA."


def _folders(root: Path) -> Folders:
    return Folders(root / "config", root / "state", root / "cache")


def _load(
    root: Path,
    toml: str | bytes | None = None,
    options: object = None,
    environ: dict[str, str] | None = None,
) -> tuple[Settings, tuple[Problem, ...]]:
    if toml is not None:
        put(root / "config" / "settings.toml", toml)
    return load(_folders(root), options, environ or {})


def _one(root: Path, toml: str) -> Problem:
    """The only problem of a file, with defaults in place of what it said."""
    settings, problems = _load(root, toml)
    assert replace(settings, nda=Settings().nda, cloud_fault=None) == Settings()
    (problem,) = problems
    assert problem.where.startswith("settings.toml: ")
    return problem


def test_nothing_said_is_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path) == (Settings(), ())
    assert _load(tmp_path, "", {}, {"TWOLANE_MODE": ""}) == (Settings(), ())


def test_later_levels_win(tmp_path: Path) -> None:
    toml = """
        mode = "cloud"
        [local]
        url = "http://one:1/v1/"
        model = "one"
        window = 1000
        idle_seconds = 5
        [cloud]
        model = "one"
    """
    options = {"local": {"url": "http://two:2/v1", "window": None}, "cloud": {"model": "two"}}
    environ = {"TWOLANE_CLOUD_MODEL": "three", "TWOLANE_MODE": "local", "TWOLANE_EMBEDDED": "off"}
    settings, problems = _load(tmp_path, toml, options, environ)
    assert problems == ()
    assert settings.mode is Mode.LOCAL
    assert settings.local == replace(
        LOCAL, url="http://two:2/v1", model="one", window=1000, idle_seconds=5.0
    )
    assert settings.cloud == replace(CLOUD, model="three")
    assert not settings.embedded.enabled


def test_limits_and_health_are_laid_over_one_another(tmp_path: Path) -> None:
    toml = """
        [local]
        concurrency = 2
        requests_per_minute = 30
        first_token_seconds = 5
        [cloud]
        retries = 0
        [health]
        error_rate = 0.1
        window_seconds = 60
    """
    options = {"health": {"error_rate": 0.5, "breaker_failures": 9}, "local": {"queue_seconds": 7}}
    environ = {"TWOLANE_CLOUD_CONCURRENCY": "3", "TWOLANE_LOCAL_CONCURRENCY": "1"}
    settings, problems = _load(tmp_path, toml, options, environ)
    assert problems == ()
    assert settings.local == replace(
        LOCAL, concurrency=1, requests_per_minute=30, first_token_seconds=5.0, queue_seconds=7.0
    )
    assert settings.cloud == replace(CLOUD, retries=0, concurrency=3)
    assert settings.health == HealthSettings(
        error_rate=0.5, window_seconds=60.0, breaker_failures=9
    )


def test_every_threshold_of_health_is_a_setting() -> None:
    assert {one.name for one in fields(HealthSettings)} == set(Health.model_fields)


def test_rules_about_nda_add_up(tmp_path: Path) -> None:
    toml = '[nda]\npaths = ["a/"]\nwords = ["Acme"]'
    settings, problems = _load(tmp_path, toml, {"nda": {"paths": ["b/", "a/"], "markers": ["M"]}})
    assert problems == ()
    assert settings.nda.paths == ("a/", "b/")
    assert (settings.nda.words, settings.nda.markers) == (("Acme",), ("M",))
    assert settings.nda.fault is None


def test_files_are_beside_the_settings(tmp_path: Path) -> None:
    toml = '[cloud]\nkey_file = "key.txt"\n[embedded]\ngguf = "~/model.gguf"'
    settings, problems = _load(tmp_path, toml)
    assert problems == ()
    assert settings.cloud.key == KeySource(file=tmp_path / "config" / "key.txt")
    assert settings.embedded.gguf == Path.home() / "model.gguf"


def test_a_key_source_takes_the_place_of_the_default_one(tmp_path: Path) -> None:
    settings, _ = _load(tmp_path, '[cloud]\nkey_environment = "RELAY"\nkey_keyring = "relay"')
    assert settings.cloud.key == KeySource(environment="RELAY", keyring="relay")


@pytest.mark.parametrize(
    ("toml", "where", "message"),
    [
        ("[locl]\nx = 1", "locl", "unknown key, ignored; did you mean `local`?"),
        ("[local]\nurll = 'x'", "local.urll", "unknown key, ignored; did you mean `local.url`?"),
        ("zzz = 1", "zzz", "unknown key, ignored"),
        ("local = 3", "local", "must be a table; ignored."),
        ("[local]\nwindow = '9'", "local.window", "must be a whole number; ignored."),
        ("[local]\nwindow = true", "local.window", "must be a whole number; ignored."),
        ("[local]\nidle_seconds = 0", "local.idle_seconds", "must be greater than 0; ignored."),
        ("[local]\nidle_seconds = nan", "local.idle_seconds", "must be a finite number; ignored."),
        ("[local]\nmodel = 3", "local.model", "must be text; ignored."),
        ("[embedded]\nenabled = 1", "embedded.enabled", "must be true or false; ignored."),
        (
            "[local]\nconcurrency = 0",
            "local.concurrency",
            "must be greater than or equal to 1; ignored.",
        ),
        ("[cloud]\nretries = 11", "cloud.retries", "must be less than or equal to 10; ignored."),
        ("[cloud]\nretries = 1.5", "cloud.retries", "must be a whole number; ignored."),
        (
            "[local]\nqueue_seconds = inf",
            "local.queue_seconds",
            "must be a finite number; ignored.",
        ),
        (
            "[health]\nerror_rate = 2.0",
            "health.error_rate",
            "must be less than or equal to 1; ignored.",
        ),
        (
            "[health]\nslow_rate = -0.1",
            "health.slow_rate",
            "must be greater than or equal to 0; ignored.",
        ),
        ("[health]\nrest_seconds = 0", "health.rest_seconds", "must be greater than 0; ignored."),
        (
            "[health]\nerorr_rate = 1",
            "health.erorr_rate",
            "unknown key, ignored; did you mean `health.error_rate`?",
        ),
        ("[cloud]\nmodel = ' '", "cloud.model", "is empty; ignored."),
    ],
)
def test_a_bad_value_is_named_once(tmp_path: Path, toml: str, where: str, message: str) -> None:
    problem = _one(tmp_path, toml)
    assert problem == Problem(f"settings.toml: {where}", message)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("mode = 'clowd'", "must be one of auto, local, cloud. Until that is mended, the mode is "),
        ("moed = 'auto'", "unknown key; did you mean `mode`? Until that is mended, the mode is "),
        (
            "[cloud]\nkey_file = 3",
            "must be text. Until that is mended, the cloud lane is not used.",
        ),
        ("[nda]\nwords = 'x'", "must be a list. Until that is mended, all code is taken as NDA."),
        (
            "[budget]\nusd_per_month = '20'",
            "must be a number. Until that is mended, the cloud lane is not used.",
        ),
        ("[nda]\nzzz = 'x'", "unknown key. Until that is mended, all code is taken as NDA."),
    ],
)
def test_where_a_default_would_be_unsafe_it_is_told_what_holds(
    tmp_path: Path, toml: str, said: str
) -> None:
    _, [problem] = _load(tmp_path, toml)
    assert problem.message.startswith(said)


@pytest.mark.parametrize(
    ("lane", "url", "word"),
    [
        ("local", "ftp://host/v1", "must be a URL"),
        ("local", "localhost:8000", "must be a URL"),
        ("local", "http://", "must be a URL"),
        ("local", "http://host:port/v1", "is not a URL"),
        ("local", "http://ho st/v1", "must be a URL"),
        ("local", "http://user:hidden@host/v1", "user name or password"),
        ("local", "http://host/v1?key=hidden", "before any ? or #"),
        ("cloud", "http://relay.example/v1", "must start with https://"),
        ("cloud", "http://127.0.0.1.example/v1", "must start with https://"),
        ("cloud", "scripted:docstring", "must be a URL"),
    ],
)
def test_a_bad_url_is_named(tmp_path: Path, lane: str, url: str, word: str) -> None:
    problem = _one(tmp_path, f'[{lane}]\nurl = "{url}"')
    assert problem.where == f"settings.toml: {lane}.url"
    assert word in problem.message
    assert "hidden" not in problem.message


@pytest.mark.parametrize(
    ("lane", "url", "kept"),
    [
        ("local", "http://gpu:8000/v1///", "http://gpu:8000/v1"),
        ("local", "scripted:docstring", "scripted:docstring"),
        ("cloud", "https://relay.example/v1", "https://relay.example/v1"),
        ("cloud", "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
        ("cloud", "http://[::1]:9/v1", "http://[::1]:9/v1"),
        ("cloud", "http://localhost:9/v1", "http://localhost:9/v1"),
    ],
)
def test_a_good_url_is_kept(tmp_path: Path, lane: str, url: str, kept: str) -> None:
    settings, problems = _load(tmp_path, f'[{lane}]\nurl = "{url}"')
    assert problems == ()
    assert {"local": settings.local, "cloud": settings.cloud}[lane].url == kept


@pytest.mark.parametrize(
    "place",
    [
        "[cloud]\nkey = {}",
        "[cloud]\napi_key = {}",
        "[cloud]\napikey = {}",
        "[cloud]\ntoken = {}",
        "api-key = {}",
        "[cloud]\nkey_environment = {}",
        "[cloud]\nkey_file = {}",
        "[local]\nkey_keyring = {}",
        "[cloud]\nmodel = {}",
    ],
)
@pytest.mark.parametrize("key", [FAKE_KEY, "a1B2" * 8])
def test_a_key_itself_is_refused_and_not_shown(tmp_path: Path, place: str, key: str) -> None:
    problem = _one(tmp_path, place.format(f'"{key}"'))
    assert key not in str(problem)
    assert "`key_environment`" in problem.message


def test_a_key_as_a_name_or_in_the_environment_is_not_shown(tmp_path: Path) -> None:
    assert FAKE_KEY not in str(_one(tmp_path, f'[cloud]\n{FAKE_KEY} = "x"'))
    settings, problems = _load(tmp_path, "", None, {"TWOLANE_CLOUD_KEY": FAKE_KEY})
    assert settings == Settings()
    assert [problem.where for problem in problems] == ["TWOLANE_CLOUD_KEY"]
    assert FAKE_KEY not in str(problems)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("mode = 'local'\n[local\n", "is not valid TOML (at line 2, column 7)"),
        (f"'{FAKE_KEY}' = 1\n'{FAKE_KEY}' = 2\n", "is not valid TOML (at line 2, column "),
        (b"mode = '\xff'", "is not UTF-8"),
        (b"#" + b"x" * 1_048_577, "is larger than 1 MiB"),
        ("x = " + "[" * 9_000, "is not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem_and_the_safe_side(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    settings, problems = _load(tmp_path, content, {"local": {"model": "good"}})
    (problem,) = problems
    assert problem.where == "settings.toml"
    assert problem.message.startswith(message)
    assert problem.message.endswith(UNREAD)
    assert FAKE_KEY not in problem.message
    assert settings.mode is Mode.LOCAL
    assert settings.nda.fault == "your settings cannot be read"
    assert settings.local.model == "good"


def test_a_folder_in_its_place_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config" / "settings.toml").mkdir(parents=True)
    settings, problems = _load(tmp_path)
    assert [problem.message for problem in problems] == [f"is not a file; {UNREAD}"]
    assert settings.nda.fault


@pytest.mark.parametrize(
    "toml",
    ["[nda]\npath = ['a/']", "nda = 3", "[nda]\npaths = ['a/', '!b/']", "[NDA]\npaths = ['a/']"],
)
def test_a_rule_that_is_lost_makes_all_nda(tmp_path: Path, toml: str) -> None:
    settings, problems = _load(tmp_path, toml)
    assert len(problems) == 1
    assert settings.nda.fault
    assert settings.mode is Mode.AUTO


def test_the_good_rules_beside_a_bad_one_live(tmp_path: Path) -> None:
    settings, problems = _load(tmp_path, "[nda]\npaths = ['!a', 'b/', '[c', 'd/']")
    assert settings.nda.paths == ("b/", "d/")
    assert [problem.where for problem in problems] == [
        "settings.toml: nda.paths[0]",
        "settings.toml: nda.paths[2]",
    ]


@pytest.mark.parametrize(
    ("toml", "environ"),
    [("mode = 'clowd'", {}), ("mod = 'x'", {}), ("", {"TWOLANE_MODE": "Lokal"})],
)
def test_a_mode_that_is_lost_is_local(tmp_path: Path, toml: str, environ: dict[str, str]) -> None:
    settings, problems = _load(tmp_path, toml, None, environ)
    assert len(problems) == 1
    assert settings.mode is Mode.LOCAL


def test_many_bad_values_are_named_singly(tmp_path: Path) -> None:
    toml = "x1 = 1\n[local]\nurl = 3\nmodel = 'good'\nwindow = 1\n[cloud]\nx2 = 1\nurl = 'http://x'"
    settings, problems = _load(tmp_path, toml)
    assert sorted(problem.where.removeprefix("settings.toml: ") for problem in problems) == [
        "cloud.url",
        "cloud.x2",
        "local.url",
        "local.window",
        "x1",
    ]
    assert settings == replace(
        Settings(), local=replace(LOCAL, model="good"), cloud_fault=settings.cloud_fault
    )


@pytest.mark.parametrize(
    "cloud",
    [
        'url = "ftp://relay.example/v1"',
        "url = 3",
        'ulr = "https://relay.example/v1"',
        'key_environment = "two words"',
        'keyfile = "~/key"',
        'key = "x"',
    ],
)
def test_a_cloud_that_is_elsewhere_than_known_is_not_used(tmp_path: Path, cloud: str) -> None:
    """The default relay is not where the code, or the key, of somebody with another one may go."""
    settings, problems = _load(tmp_path, f"[cloud]\n{cloud}")
    assert settings.cloud_fault == "the URL or the key of [cloud] in your settings cannot be used"
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("toml", "options", "environ"),
    [
        ("cloud = 3", None, {}),
        ("[clowd]\nurl = 'https://relay.example/v1'", None, {}),
        ("broken = [", None, {}),
        (None, {"cloud": {"url": "x"}}, {}),
        (None, None, {"TWOLANE_CLOUD_URL": "relay.example"}),
        (None, None, {"TWOLANE_CLOUD_ULR": "https://relay.example/v1"}),
        ("[cloud]\nurl = 'x'", None, {"TWOLANE_CLOUD_URL": "https://relay.example/v1"}),
    ],
)
def test_at_every_level_a_cloud_that_is_not_known_is_not_used(
    tmp_path: Path, toml: str | None, options: object, environ: dict[str, str]
) -> None:
    assert _load(tmp_path, toml, options, environ)[0].cloud_fault is not None


@pytest.mark.parametrize(
    "cloud", ["window = 1", "model = 3", "colour = 'red'", "", "url = 'https://r.example/v1'"]
)
def test_the_rest_of_the_cloud_lane_may_fall_back_to_its_default(
    tmp_path: Path, cloud: str
) -> None:
    assert _load(tmp_path, f"[cloud]\n{cloud}")[0].cloud_fault is None


@pytest.mark.parametrize("options", [3, "x", ["mode"], True])
def test_options_that_are_no_object_are_one_problem(tmp_path: Path, options: object) -> None:
    settings, problems = _load(tmp_path, None, options)
    assert settings == Settings()
    assert [problem.where for problem in problems] == ["initializationOptions"]


def test_names_that_are_no_text_are_unknown_keys(tmp_path: Path) -> None:
    options = {"\ud800": 3, "local": {"\ud800": 1}, "prices": {"\ud800": {"\ud800": 1}}}
    settings, problems = _load(tmp_path, None, options)
    assert replace(settings, prices=Settings().prices) == Settings()
    assert len(problems) == 4


def test_options_may_come_in_their_section(tmp_path: Path) -> None:
    settings, problems = _load(tmp_path, None, {"twolane": {"mode": "cloud"}})
    assert (settings.mode, problems) == (Mode.CLOUD, ())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TWOLANE_LOCAL_URL", "nowhere"),
        ("TWOLANE_LOCAL_WINDOW", "many"),
        ("TWOLANE_EMBEDDED", "perhaps"),
        ("TWOLANE_LOCAL_URLL", "http://x"),
        ("TWOLANE_EMBEDDED_ENABLED", "no"),
        ("TWOLANE_NDA_WORDS", "Acme"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    settings, problems = _load(tmp_path, None, None, {variable: value, "TWOLANE_FULL": "1"})
    assert settings == Settings()
    assert [problem.where for problem in problems] == [variable]


def test_every_variable_sets_something(tmp_path: Path) -> None:
    numbers = dict.fromkeys(("window", "concurrency", "requests_per_minute"), "1234")
    good = {
        "url": "https://x/v1",
        "enabled": "no",
        "keep_warm": "no",
        "mode": "cloud",
        "language": "Deutsch",
    } | numbers
    for variable, place in VARIABLES.items():
        value = good.get(place.rpartition(".")[2], "SOME_NAME")
        settings, problems = _load(tmp_path, None, None, {variable: value})
        assert problems == ()
        assert settings != Settings(), variable


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["url", "model", "window", "paths", "key", "key_file", "enabled"]) | (
    st.sampled_from(["input", "output", "as_of", "cached", "cloud_model", "usd_per_month"])
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["mode", "local", "cloud", "embedded", "nda", "prices", "budget", "actions", "other"]
        )
        | st.text(),
        _VALUES
        | st.dictionaries(_NAMES | st.text(), _VALUES, max_size=4)
        | st.dictionaries(
            st.sampled_from(["docstring", "review", "deepseek-v3.2"]) | st.text(),
            _VALUES | st.dictionaries(_NAMES | st.text(), _VALUES, max_size=4),
            max_size=3,
        ),
        max_size=5,
    )
)
def test_any_options_give_settings_and_problems(options: dict[str, object]) -> None:
    settings, problems = load(_folders(Path("/nowhere")), options, {})
    assert isinstance(settings, Settings)
    assert len({problem.where for problem in problems}) <= len(problems)
    assert load(_folders(Path("/nowhere")), options, {}) == (settings, problems)


@pytest.mark.parametrize(
    "module", ["settings.resolved", "rules.labels", "rules.trust", "rules.policy", "folders", "cli"]
)
def test_only_reading_settings_needs_pydantic(module: str) -> None:
    program = f"import twolane_server.{module}, sys; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_networks_that_the_local_lane_may_lead_to(tmp_path: Path) -> None:
    toml = '[local]\nallow = ["203.0.113.7", " 100.64.0.0/10", "2001:db8::/32"]'
    settings, problems = _load(tmp_path, toml)
    assert problems == ()
    assert settings.local.allow == ("203.0.113.7/32", "100.64.0.0/10", "2001:db8::/32")
    settings, _ = _load(tmp_path, None, {"local": {"allow": []}})
    assert settings.local.allow == (), "a later level has the last word"


@pytest.mark.parametrize("bad", ["box.lan", "10.0.0.1/8", "0.0.0.0/0", ""])
def test_what_is_no_network_of_ones_own_is_left_out(tmp_path: Path, bad: str) -> None:
    settings, (problem,) = _load(tmp_path, f'[local]\nallow = ["{bad}", "10.1.0.0/16"]')
    assert problem.where == "settings.toml: local.allow[0]"
    assert "203.0.113.7 or 10.1.0.0/16" in problem.message
    assert settings.local.allow == ("10.1.0.0/16",)


def test_the_cloud_has_no_such_list(tmp_path: Path) -> None:
    assert _one(tmp_path, '[cloud]\nallow = ["10.0.0.1"]').where == "settings.toml: cloud.allow"


def test_a_local_lane_at_a_public_address_is_told_when_the_settings_are_read(
    tmp_path: Path,
) -> None:
    toml = '[local]\nurl = "http://203.0.113.7:8000/v1"\n'
    _, (problem,) = _load(tmp_path, toml)
    assert str(problem).startswith(
        "local.url: leads to 203.0.113.7: that is neither this machine nor in a private network. "
        "Code under NDA would leave"
    )
    assert _load(tmp_path, toml + 'allow = ["203.0.113.0/24"]')[1] == ()
    assert _load(tmp_path, '[local]\nurl = "http://gpu.example/v1"')[1] == ()


def test_settings_are_made_anew_only_when_what_they_are_made_of_is_another(tmp_path: Path) -> None:
    environ = {"HOME": "/home/ann"}
    latest = Latest(_folders(tmp_path), environ)
    first = latest.load({"mode": "local"})
    assert latest.load({"mode": "local"})[0] is first[0]
    environ["TWOLANE_LANGUAGE"] = "Deutsch"
    assert latest.load({"mode": "local"})[0].language == "Deutsch"
    assert latest.load({"mode": "cloud"})[0].mode is Mode.CLOUD
    put(tmp_path / "config" / "settings.toml", '[nda]\nwords = ["Acme"]\n')
    assert latest.load({"mode": "cloud"})[0].nda.words == ("Acme",)
    assert latest.load({"mode": "cloud"}) == load(_folders(tmp_path), {"mode": "cloud"}, environ)


def test_true_and_1_are_not_the_same_option(tmp_path: Path) -> None:
    latest = Latest(_folders(tmp_path), {})
    assert latest.load({"embedded": {"enabled": True}})[1] == ()
    asked: object = {"embedded": {"enabled": 1}}
    assert latest.load(asked) == load(_folders(tmp_path), asked, {})
