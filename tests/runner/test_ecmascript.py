"""Regular expressions of matchers mean what they mean to GitHub's runner."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.runner.ecmascript import PatternError, UnsupportedPatternError, compile_expression

# pattern, text, the groups of the match or None. Each is what node finds, too, but for the cases further down.
CASES = [
    (r"^(\w+)\.(\d+)$", "file.12", ("file.12", "file", "12")),
    (r"\d", "٣", None),
    (r"\w+", "é", None),
    (r"\s", "\u00a0x", None),
    (r"a\/b\-c\_d", "a/b-c_d", ("a/b-c_d",)),
    (r"[^]", "x", ("x",)),
    (r"([^]+)b", "a]b", ("a]b", "a]")),
    (r"[\w-.]+", "a-b.c", ("a-b.c",)),
    (r"[[:alpha:]]", "a]", ("a]",)),
    (r"[a&&b||c~~d-]+", "a&|c~d-", ("a&|c~d-",)),
    (r"[+--]+[!--]", "+,--", ("+,--",)),
    (r"[\]\[^\\/]+", r"[]^\/", (r"[]^\/",)),
    (r"[\b]", "\b", ("\b",)),
    (r"\u0041\x42\cJ\0", "AB\n\0", ("AB\n\0",)),
    (r"(a)|(b)", "b", ("b", "", "b")),
    (r"(?:(a)|b)\1c", "bc", ("bc", "")),
    (r"(?<n>a)(?<m>b)\k<n>", "aba", ("aba", "a", "b")),
    (r"(x)\1", "xx", ("xx", "x")),
    (r"a{2}b{,3}c{1,}", "aab{,3}c", ("aab{,3}c",)),
    (r"(?:foo){e<=1}", "foo{e<=1}", ("foo{e<=1}",)),
    (r"(?<=a)b(?!c)(?=d)", "abd", ("b",)),
    (r"a.c", "a\nc", None),
    (r"(a+?)(a*)", "aaa", ("aaa", "a", "aa")),
    (r"}]#", "}]#", ("}]#",)),
    (r"ß", "SS", None),
    (r"\[x\]\(y\)\{\}\*\+\?\.\|\^\$", "[x](y){}*+?.|^$", ("[x](y){}*+?.|^$",)),
    (r"\m\q", "mq", ("mq",)),
]


@pytest.mark.parametrize(("pattern", "text", "groups"), CASES)
def test_what_matches(pattern: str, text: str, groups: tuple[str, ...] | None) -> None:
    assert compile_expression(pattern).search(text, seconds=1) == groups


@pytest.mark.clients
def test_a_javascript_engine_agrees() -> None:
    """But for two of .NET's own: its classes are ASCII (`\\s`), and a quantifier has a lower bound."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    script = """
        const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        const found = ([p, t]) => { const m = new RegExp(p).exec(t); return m && [...m].map(g => g ?? ''); };
        console.log(JSON.stringify(cases.map(found)));
    """
    cases = [case for case in CASES if case[0] not in {r"\s"}]
    given = json.dumps([[pattern, text] for pattern, text, _ in cases])
    done = subprocess.run([node, "-e", script], input=given, capture_output=True, text=True, check=True)
    answers = [None if answer is None else tuple(answer) for answer in json.loads(done.stdout)]
    assert answers == [groups for _, _, groups in cases]


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        (r"(?<n>a)(b)(?<m>c)(d)", "abcd", ("abcd", "b", "d", "a", "c")),
        (r"(?'n'a)\k'n'\1", "aaa", ("aaa", "a")),
        (r"[]a]+", "]a", ("]a",)),
        (r"(?i)abc", "ABC", ("ABC",)),
        (r"a(?#comment)b", "ab", ("ab",)),
        (r"\Aa\e\a\Z", "a\x1b\a", ("a\x1b\a",)),
        (r"(?>a+)b", "aab", ("aab",)),
        (r"(?i:a)B", "AB", ("AB",)),
    ],
)
def test_what_only_the_runner_takes(pattern: str, text: str, groups: tuple[str, ...]) -> None:
    """Groups without a name are numbered first, as .NET does."""
    assert compile_expression(pattern).search(text, seconds=1) == groups


@pytest.mark.parametrize("pattern", ["(", "a)", "[a", "a**", "a++", "*a", "\\", r"\x1", r"\k<n>", r"(a)\2", "a{2,1}"])
def test_what_is_no_expression(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_expression(pattern)


@pytest.mark.parametrize("pattern", ["(?P<n>a)", "(?R)", "(?<n>a)(?<n>b)", "(?|a|b)", "(?<a-b>x)", "(?x)a"])
def test_what_cannot_be_translated(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        compile_expression(pattern)


def test_no_expression_hangs() -> None:
    expression = compile_expression(r"^(a|aa|\w)+$")
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        expression.search("a" * 100 + "!", seconds=0.2)
    assert time.monotonic() - begin < 5


@given(st.text())
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = compile_expression(text)
    except (PatternError, UnsupportedPatternError):
        return
    expression.search("some text (1): \\ [x]", seconds=1)


@given(st.text(min_size=1))
def test_an_escaped_text_matches_itself(text: str) -> None:
    escaped = "".join(c if c.isalnum() or c in "_" else f"\\u{ord(c):04x}" for c in text if ord(c) < 0x10000)
    plain = "".join(c for c in text if ord(c) < 0x10000)
    assert compile_expression(escaped).search(plain, seconds=1) == (plain,)
