"""Adds markup noise to plain text as on the real site: entities, odd spaces, meaningless tags.

An extractor that reads the markup and normalises white space gets the plain text back.
"""

from markupsafe import Markup, escape


def noisy_text(text: str, salt: int) -> Markup:
    """Return a paragraph's markup with one of 8 kinds of noise."""
    markup = str(escape(text))
    match salt % 8:
        case 1:
            for letter, name in (("é", "eacute"), ("—", "mdash"), ("“", "ldquo"), ("”", "rdquo"), ("ü", "uuml")):
                markup = markup.replace(letter, f"&{name};")
        case 2:
            markup = markup.replace(", ", ",&nbsp;", 1)
        case 3:
            markup = f"\n\t\t\t\t{markup} \r\n\t\t\t"
        case 4:
            markup = markup.replace(". ", ".  ").replace(" of ", " of\n")
        case 5:
            words = markup.split(" ", 5)
            if len(words) == 6:
                words[4] = f"<strong>{words[4]}</strong>"
            markup = " ".join(words)
        case 6:
            markup = f"\u3000\u3000{markup}"
        case 7:
            # A no-break space as it is in UTF-8: a wrong charset shows here first.
            markup = markup.replace(" in ", "\u00a0in ", 1) + "&nbsp;"
        case _:
            pass
    return Markup(markup)  # noqa: S704  # The text was escaped above.


def noisy_title(text: str, salt: int) -> Markup:
    """Return a headline's markup: every fifth has a word in `<EM>`."""
    markup = str(escape(text))
    words = markup.split(" ", 2)
    if salt % 5 == 1 and len(words) == 3:
        words[1] = f"<EM>{words[1]}</EM>"
    if salt % 5 == 3:
        words[0] = f" {words[0]} "
    return Markup(" ".join(words))  # noqa: S704  # Escaped above.


def noisy_byline(text: str, salt: int) -> Markup:
    """Return a byline's markup."""
    markup = str(escape(text))
    if salt % 4 == 1:
        markup = markup.replace(" | ", "&nbsp;|&nbsp;")
    if salt % 4 == 2:
        markup = markup.replace(" | ", "\n\t\t\t\t| ")
    return Markup(markup)  # noqa: S704  # Escaped above.


def sized(path: str, size: str) -> str:
    """Return the path of another size of a picture: `s` or `l`."""
    return path.replace(".jpeg", f"_{size}.jpeg")
