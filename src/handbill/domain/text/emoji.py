"""Finds emoji sequences (X counts each as one). Knows their structure, never their names.

The standard library has no emoji property. Only sequences of several code points need one here, as
every lone emoji from U+1100 up has weight 2 anyway, so this is the structure of the recommended
sequences (UTS #51, RGI, Unicode 17) written as one pattern. A sequence that is not recommended
falls into its parts: such a text is counted too heavy, never too light.
"""

import re
from collections.abc import Iterator

_JOIN = "\u200d"
_VS = "\ufe0f"  # "show as emoji"
_TONE = "[\U0001f3fb-\U0001f3ff]"

#: Emoji of the Basic Multilingual Plane, the only plane where letters and emoji share blocks.
_BMP = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9-\u21aa\u231a-\u231b\u2328\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u24c2\u25aa-\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e\u2611\u2614-\u2615"
    "\u2618\u261d\u2620\u2622-\u2623\u2626\u262a\u262e-\u262f\u2638-\u263a\u2640\u2642\u2648-\u2653"
    "\u265f-\u2660\u2663\u2665-\u2666\u2668\u267b\u267e-\u267f\u2692-\u2697\u2699\u269b-\u269c"
    "\u26a0-\u26a1\u26a7\u26aa-\u26ab\u26b0-\u26b1\u26bd-\u26be\u26c4-\u26c5\u26c8\u26ce-\u26cf\u26d1"
    "\u26d3-\u26d4\u26e9-\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712"
    "\u2714\u2716\u271d\u2721\u2728\u2733-\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757"
    "\u2763-\u2764\u2795-\u2797\u27a1\u27b0\u27bf\u2934-\u2935\u2b05-\u2b07\u2b1b-\u2b1c\u2b50\u2b55"
    "\u3030\u303d\u3297\u3299"
)
#: Beyond it, those that are text until U+FE0F follows (Emoji, not Emoji_Presentation).
_TEXT_STYLE = (
    "\U0001f170-\U0001f171\U0001f17e-\U0001f17f\U0001f202\U0001f237\U0001f321\U0001f324-\U0001f32c"
    "\U0001f336\U0001f37d\U0001f396-\U0001f397\U0001f399-\U0001f39b\U0001f39e-\U0001f39f"
    "\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441"
    "\U0001f4fd\U0001f549-\U0001f54a\U0001f56f-\U0001f570\U0001f573-\U0001f579\U0001f587"
    "\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1-\U0001f5b2\U0001f5bc"
    "\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8"
    "\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9"
    "\U0001f6f0\U0001f6f3"
)
#: Those that take a skin tone (Emoji_Modifier_Base).
_TONED = (
    "\u261d\u26f9\u270a-\u270d\U0001f385\U0001f3c2-\U0001f3c4\U0001f3c7\U0001f3ca-\U0001f3cc"
    "\U0001f442-\U0001f443\U0001f446-\U0001f450\U0001f466-\U0001f478\U0001f47c\U0001f481-\U0001f483"
    "\U0001f485-\U0001f487\U0001f48f\U0001f491\U0001f4aa\U0001f574-\U0001f575\U0001f57a\U0001f590"
    "\U0001f595-\U0001f596\U0001f645-\U0001f647\U0001f64b-\U0001f64f\U0001f6a3\U0001f6b4-\U0001f6b6"
    "\U0001f6c0\U0001f6cc\U0001f90c\U0001f90f\U0001f918-\U0001f91f\U0001f926\U0001f930-\U0001f939"
    "\U0001f93c-\U0001f93e\U0001f977\U0001f9b5-\U0001f9b6\U0001f9b8-\U0001f9b9\U0001f9bb"
    "\U0001f9cd-\U0001f9cf\U0001f9d1-\U0001f9dd\U0001fac3-\U0001fac5\U0001faf0-\U0001faf8"
)
#: Second letters of the regions that have a flag, by first letter; other pairs are two signs.
_REGIONS = {
    "A": "CDEFGILMOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTVWYZ",
    "C": "ACDFGHIKLMNOPQRUVWXYZ",
    "D": "EGJKMOZ",
    "E": "ACEGHRSTU",
    "F": "IJKMOR",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTU",
    "I": "CDELMNOQRST",
    "J": "EMOP",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHKLMNOPQRSTUVWXYZ",
    "N": "ACEFGILOPRUZ",
    "O": "M",
    "P": "AEFGHKLMNRSTWY",
    "Q": "A",
    "R": "EOSUW",
    "S": "ABCDEGHIJKLMNORSTVXYZ",
    "T": "ACDFGHJKLMNORTVWZ",
    "U": "AGMNSYZ",
    "V": "ACEGINU",
    "W": "FS",
    "X": "K",
    "Y": "ET",
    "Z": "AMW",
}


def _letters(text: str, start: int) -> str:
    return "".join(chr(start + ord(letter) - ord("A")) for letter in text)


def _flags() -> str:
    return "|".join(
        f"{_letters(first, 0x1F1E6)}[{_letters(seconds, 0x1F1E6)}]"
        for first, seconds in _REGIONS.items()
    )


def _nations() -> str:
    """The flags of England, Scotland and Wales: a black flag, a code in tag letters, an end."""
    codes = "|".join(_letters(code, 0xE0061) for code in ("GBENG", "GBSCT", "GBWLS"))
    return f"🏴(?:{codes})\U000e007f"


def _people() -> Iterator[str]:
    tone = f"{_TONE}?"
    heart = f"\u2764{_VS}{_JOIN}(?:💋{_JOIN})?"
    with_other = f"{_JOIN}(?:{heart}|🤝{_JOIN})"
    yield f"(?:👨{_JOIN}[👨👩]|👩{_JOIN}👩|[👨👩]){_JOIN}(?:👧{_JOIN}[👧👦]|👦{_JOIN}👦|[👧👦])"
    yield f"🧑(?:{_JOIN}🧑)?(?:{_JOIN}🧒){{1,2}}"
    yield f"👩{tone}{with_other}[👨👩]{tone}"
    yield f"👨{tone}{with_other}👨{tone}"
    yield f"🧑{tone}{with_other}🧑{tone}"
    yield f"🧑{tone}{_JOIN}[🎄🩰]"
    yield f"[👨👩🧑]{tone}{_JOIN}[🦯🦼🦽](?:{_JOIN}\u27a1{_VS})?"
    yield f"[👨👩🧑]{tone}{_JOIN}(?:[\u2695\u2696\u2708]{_VS}|[🌾🍳🍼🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳])"
    yield f"🫱{_TONE}{_JOIN}🫲{_TONE}"


def _roles() -> Iterator[str]:
    gender = f"{_JOIN}[\u2640\u2642]{_VS}"
    facing_right = f"{_JOIN}\u27a1{_VS}"
    roles = "🏄🏊👮👯👰👱👳👷💁💂💆💇🙅🙆🙇🙋🙍🙎🚣🚴🚵🤦🤵🤷🤸🤹🤼🤽🤾🦸🦹🧍🧏🧔🧖🧗🧘🧙🧚🧛🧜🧝"
    yield f"[🏃🚶🧎]{_TONE}?(?:{gender}(?:{facing_right})?|{facing_right})"
    yield f"[{roles}]{_TONE}?{gender}"
    yield f"[🧞🧟]{gender}"
    yield f"[\u26f9🏋🏌🕵](?:{_TONE}|{_VS}){gender}"


def _things() -> Iterator[str]:
    yield f"🏳{_VS}{_JOIN}(?:🌈|\u26a7{_VS})"
    yield f"🏴{_JOIN}\u2620{_VS}"
    yield f"👁{_VS}?{_JOIN}🗨{_VS}?"
    yield f"\u2764{_VS}{_JOIN}[🔥🩹]"
    yield f"🙂{_JOIN}[\u2194\u2195]{_VS}"
    yield f"😶{_JOIN}🌫{_VS}|😮{_JOIN}💨|😵{_JOIN}💫"
    yield f"🐦{_JOIN}[\u2b1b🔥]|🐈{_JOIN}\u2b1b|🐕{_JOIN}🦺|🐻{_JOIN}\u2744{_VS}"
    yield f"\u26d3{_VS}{_JOIN}💥|🍋{_JOIN}🟩|🍄{_JOIN}🟫"


def _pattern() -> re.Pattern[str]:
    single = f"[{_TONED}]{_TONE}|[{_BMP}{_TEXT_STYLE}]{_VS}"
    keycap = f"[0-9#*]{_VS}?\u20e3"
    joined = "|".join([*_people(), *_roles(), *_things()])
    return re.compile(f"{joined}|{_nations()}|{_flags()}|{keycap}|{single}")


_SEQUENCE = _pattern()
_PICTURE = re.compile(f"[{_BMP}\U0001f000-\U0001faff]")


def sequences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end (code points, end exclusive) of each emoji of several code points, in order."""
    for found in _SEQUENCE.finditer(text):
        yield found.span()


def is_picture(char: str) -> bool:
    """Whether one character is an emoji or lies in the planes set aside for them."""
    return _PICTURE.fullmatch(char) is not None
