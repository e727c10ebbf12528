"""``linc chat``: ask a language model on your disk about an aligned .linc file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lincodec.cli import paths, report
from lincodec.cli.options import SectionedCommand, option, output_options
from lincodec.cli.session import Session
from lincodec.cli.text import printable
from lincodec.errors import UsageError

if TYPE_CHECKING:
    from lincodec.semantics.chat import Answer, Chat

#: The route of models that see the latents.
_SEEN = "injection"
_EXPERIMENTAL = (
    "experimental: this model is told words that were recognised, it sees nothing; expect wrong "
    "answers, and see --help for one that sees"
)

_HELP = """Ask about FILE, an aligned .linc file; no pixel is decoded.

\b
Examples:
  linc chat clip.linc --question "What animal is in the video?"
  linc chat clip.linc --model models/VideoLLaMA3-2B-HF
  linc chat clip.linc --model models/chat.gguf --concepts words.txt

With a VideoLLaMA3 directory the file's latents take the place of its visual tokens; the file must
be aligned to that model (linc align FILE --model DIR). With any other language model, a directory
or a .gguf file, what an aligned space recognises over time is told to it as text, which is
experimental: expect wrong answers. Without --question a conversation is read from standard input,
a line a question.
"""


@click.command("chat", cls=SectionedCommand, help=_HELP)
@click.argument("file")
@option(
    "Model", "--model", metavar="MODEL", help="A directory or .gguf; default: SmolLM2's package."
)
@option("Model", "--tokens", type=click.IntRange(1), default=128, show_default=True, metavar="N")
@option(
    "Question", "--question", "questions", multiple=True, metavar="TEXT", help="May be repeated."
)
@option("Concepts", "--space", metavar="MODEL", help="Which embedding model; default: conse.")
@option("Concepts", "--concepts", metavar="FILE", help="What to look for, one a line.")
@output_options(progress=False)
@click.pass_obj
def chat(session: Session, /, file: str, questions: tuple[str, ...], **given: Any) -> None:
    """Run the conversation; the help text is above."""
    paths.check_input(file)
    if file == paths.STANDARD:
        raise UsageError("a .linc file cannot be read from standard input; name a file")
    from lincodec.container import LincFile
    from lincodec.semantics.chat import ChatOptions
    from lincodec.semantics.chats import open_chat

    options = ChatOptions(
        given["model"], given["space"], given["concepts"], given["tokens"], paths.cache_folder()
    )
    with open(file, "rb") as stream:
        opened = open_chat(LincFile(stream, name=file), options)
        if opened.route != _SEEN:
            session.note(_EXPERIMENTAL)
        answers = [_asked(session, opened, question) for question in questions or _typed(session)]
    if not answers:
        raise UsageError("no question; ask with --question")
    fields = {"file": file, "answers": [report.plain_fields(answer) for answer in answers]}
    if session.json:
        session.result(fields, "")


def _typed(session: Session) -> Iterator[str]:
    """Questions from standard input, with a prompt on a terminal."""
    while True:
        if sys.stdin.isatty() and not session.json:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def _asked(session: Session, opened: Chat, question: str) -> Answer:
    """Ask, print the answer as it comes, then the times that it rests on."""
    told = (lambda _: None) if session.json or session.quiet else _say
    answer = opened.ask(question, told)
    if not session.json:
        print(answer.answer if session.quiet else "")
    if not session.json and not session.quiet:
        for moment in answer.moments:
            what = f": {printable(', '.join(moment.concepts))}" if moment.concepts else ""
            print(f"  [{moment.start:.1f}-{moment.stop:.1f} s{what}]", flush=True)
    return answer


def _say(text: str) -> None:
    """A piece of an answer; line ends stay, other control characters do not reach a terminal."""
    print("\n".join(printable(line) for line in text.split("\n")), end="", flush=True)
