"""Articles from a folder: one YAML file or one Markdown file with front matter for each; all of them or none."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from knowledge_base.articles import Article, with_both_scripts
from knowledge_base.layout import read_article
from knowledge_base.locales import release_converters
from knowledge_base.nodes import Fault, Node

YAML_ENDINGS: Final = (".yaml", ".yml")
MARKDOWN_ENDINGS: Final = (".md", ".markdown")
MAX_BYTES: Final = 1_000_000
_RULE: Final = re.compile(r"^---[ \t]*$")


class ArticleFaultsError(ValueError):
    """The folder's articles cannot be taken; ``faults`` names each fault by file, line and reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults, at least one."""
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_articles(folder: Path) -> list[Article]:
    """Every article of a folder and its sub-folders, by id, with both Chinese scripts.

    ``README.md`` and names that begin with ``.`` or ``_`` are left aside. Raises :class:`ArticleFaultsError` with
    every fault of every file when there is any.
    """
    paths = _article_paths(folder)
    faults: list[Fault] = []
    read: list[tuple[str, Node, Article]] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        outcome = _read_file(path, name)
        if isinstance(outcome, tuple):
            read.append((name, *outcome))
        else:
            faults.extend(outcome)
    if not paths:
        faults.append(Fault(str(folder), 1, "there is no article (*.yaml or *.md) in this folder"))
    faults.extend(_faults_between(read))
    if faults:
        raise ArticleFaultsError(faults)
    articles = sorted((with_both_scripts(article) for _, _, article in read), key=lambda article: article.id)
    release_converters()
    return articles


def _article_paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ArticleFaultsError([Fault(str(folder), 1, "this is not a folder")])
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in YAML_ENDINGS + MARKDOWN_ENDINGS
        and path.name.lower() != "readme.md"
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def _read_file(path: Path, name: str) -> tuple[Node, Article] | list[Fault]:
    if path.stat().st_size > MAX_BYTES:
        return [Fault(name, 1, f"the file is larger than {MAX_BYTES:,} bytes")]
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return [Fault(name, line, "the file is not UTF-8")]
    header, body, first_line = text, None, 1
    if path.suffix.lower() in MARKDOWN_ENDINGS:
        parts = _front_matter(text)
        if parts is None:
            return [Fault(name, 1, "Markdown needs front matter between two lines of ---")]
        header, body = parts
        first_line = 2
    return _read_header(header, body, name, path.stem, first_line)


def _read_header(
    header: str, body: str | None, name: str, stem: str, first_line: int
) -> tuple[Node, Article] | list[Fault]:
    try:
        root = yaml.compose(header, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"not YAML: {error.problem or error.context}"
        if "got '?'" in reason:
            reason += " (inside { } and [ ], put a text that ends with ? in quotes)"
        return [Fault(name, (mark.line if mark else 0) + first_line, reason)]
    except yaml.YAMLError as error:
        return [Fault(name, first_line, f"not YAML: {error}".split("\n")[0])]
    except RecursionError:
        return [Fault(name, first_line, "nested too deeply")]
    if root is None:
        return [Fault(name, first_line, "the file is empty")]
    node = Node(root, name, first_line)
    article = read_article(node, stem, body)
    return (node, article) if article is not None else node.faults


def _front_matter(text: str) -> tuple[str, str] | None:
    """The lines between the two rules, and what follows them."""
    lines = text.splitlines(keepends=True)
    if not lines or not _RULE.match(lines[0].rstrip("\r\n")):
        return None
    for number, line in enumerate(lines[1:], 1):
        if _RULE.match(line.rstrip("\r\n")):
            return "".join(lines[1:number]), "".join(lines[number + 1 :])
    return None


def _faults_between(read: list[tuple[str, Node, Article]]) -> list[Fault]:
    """Ids that two files claim, and related articles that no file has."""
    files: dict[str, str] = {}
    faults: list[Fault] = []
    for name, node, article in read:
        first = files.setdefault(article.id, name)
        if first != name:
            faults.append(Fault(name, node.line_of("id"), f"the id {article.id} is already that of {first}"))
    known = {article.id for _, _, article in read}
    for name, node, article in read:
        faults.extend(
            Fault(name, node.line_of("related"), f"related: there is no article {other}")
            for other in article.related
            if other not in known
        )
    return faults
