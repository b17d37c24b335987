"""Made-up personal data in the many ways people write it, and what only looks like it; for tests and `privacy.py`.

No value is taken from a real person: numbers are drawn by chance and given valid check digits, names are common.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from stdnum import luhn, verhoeff

_words = str.split

SENTENCES = [
    line.replace("⏎", "\n").replace("⇥", "\t")
    for line in """\
call me on {x} please
{x}
my details: {x}
Contact:{x}
contact - {x}
({x})
{x}.
{x}, reply soon!
DM or {x}?
send it to {x} today
is it {x} or not?
Only {x} works⏎thanks
“{x}”
bhai {x} pe bhej do
mera wala {x} hai
{x} par sampark kare
ye lo: {x} , jaldi
*{x}* yaad rakhna
paise {x} pe daal dena yaar
kal 5 baje {x} try karna
2 min ruko, {x} 👍
500 rs bhejo {x}
👉{x}👈
मेरा {x} है
{x} पर भेज दो
कृपया {x}, धन्यवाद।
यह {x}।
संपर्क: {x}
🙏 {x} 🙏
[{x}]
<b>{x}</b>
RT: {x} pls share #help
{x} 24x7
since 2019 {x}
a/{x}
{x}/
{x};
{x}:
hi⇥{x}⇥bye
'{x}'
""".splitlines()
]
NAMES = _words("""
asha ravi.kumar priya_s amit99 neha-rao s.iyer r2d2 mohd.ali deepak+news K.Singh pooja1998
xX_raj_Xx
""")
MAIL_DOMAINS = _words("""
gmail.com yahoo.co.in rediffmail.com hotmail.com iitb.ac.in mail.company.org my-site.in
example.photography sub.dept.gov.in x.io
""")
UPI_HOSTS = _words("""
okhdfcbank okaxis oksbi okicici ybl ibl axl paytm upi apl sbi icici hdfcbank kotak fbl airtel
""")
HANDLES = _words("""
asha Ravi_Kumar iam_srk99 __neha__ virat.kohli user123 BJP4India A rahul-x7k 9GAG राहुल मोदी_जी
5SOS 1stName_B kalyan123456789 DrHarshVardhan
""")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
MOBILE_PATTERNS = """\
##########
##### #####
#####-#####
###-###-####
### ### ####
#### ### ###
####-###-###
#### ######
####-######
### #######
###-#######
###.###.####
##-##-##-##-##
##### - #####
### #### ###
######-####
#####⍽#####
#####–#####
# # # # # # # # # #
## #### ####
""".replace("⍽", "\u00a0").splitlines()
# as many without a prefix as with
COUNTRY_PREFIXES = [
    *re.split(
        r"\|", "+91|+91 |+91-|+ 91 |(+91) |(+91)|+(91) |0091|0091 |91|91 |91-|0|0 |0-|+91 - |+91-0"
    ),
    *[""] * 17,
]
CITIES = ("11", "22", "33", "44", "80", "40", "20", "79")
KEYS = _words("call ph mob no number WhatsApp Mobile")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Case:
    """A text that holds one piece of personal data, from `start` to `end`."""

    kind: str
    text: str
    start: int
    end: int


def cases(kind: str, n: int, seed: int = 1) -> list[Case]:
    """`n` texts with personal data of a kind."""
    chosen = random.Random(f"{kind} {seed}")
    return [_placed(kind, WRITERS[kind](chosen), chosen) for _ in range(n)]


def harmless(n: int, seed: int = 1) -> list[str]:
    """`n` texts with what only looks like personal data."""
    chosen = random.Random(f"harmless {seed}")
    return [_filled(chosen.choice(HARMLESS), chosen) for _ in range(n)]


def _placed(kind: str, written: str, chosen: random.Random) -> Case:
    before, _, after = chosen.choice(SENTENCES).partition("{x}")
    if kind == "phone" and written[0].isdigit() and chosen.random() < 0.05:
        before += chosen.choice(KEYS) + chosen.choice(["", ".", ":"])
    if kind == "email" and chosen.random() < 0.1:
        before += "mailto:"
    return Case(kind, before + written + after, len(before), len(before) + len(written))


def _filled(pattern: str, chosen: random.Random) -> str:
    """The pattern with `#` as any digit."""
    return "".join(str(chosen.randrange(10)) if sign == "#" else sign for sign in pattern)


def _email(chosen: random.Random) -> str:
    local = chosen.choice(NAMES) + chosen.choice(["", "", str(chosen.randrange(1000))])
    domain = chosen.choice(MAIL_DOMAINS)
    host, _, top = domain.partition(".")
    return chosen.choice(
        [
            *[f"{local}@{domain}"] * 8,
            f"{local}@{domain}".upper(),
            f"{local}[at]{domain}",
            f"{local} (at) {host} (dot) {top}"
            if top in {"com", "in", "org"}
            else f"{local}@{domain}",
            f"{local} at gmail dot com",
            f"{local}@gmail",
            f"{local} @ gmail.com",
            f"{local}@gmail,com",
        ]
    )


def _upi(chosen: random.Random) -> str:
    local = chosen.choice([chosen.choice(NAMES).replace("+", ""), _filled("98########", chosen)])
    return f"{local}@{chosen.choice(UPI_HOSTS)}"


def _handle(chosen: random.Random) -> str:
    return "@" + chosen.choice(HANDLES) + chosen.choice(["", "", _filled("##", chosen)])


def _ip(chosen: random.Random) -> str:
    if chosen.random() < 0.6:
        first = chosen.randrange(1, 224)
        return ".".join(str(part) for part in (first, *(chosen.randrange(256) for _ in range(3))))
    address = ipaddress.IPv6Address((0x20010DB8 << 96) | chosen.getrandbits(96))
    short = ipaddress.IPv6Address(
        (0x20010DB8 << 96) | (chosen.getrandbits(16) << 64) | chosen.getrandbits(16)
    )
    return chosen.choice([str(address), address.exploded, str(address).upper(), str(short)])


def _pan(chosen: random.Random) -> str:
    letters = (
        "".join(chosen.choices(LETTERS, k=3)) + chosen.choice("ABCFGHJLPT") + chosen.choice(LETTERS)
    )
    digits = f"{chosen.randrange(1, 10_000):04}"
    last = chosen.choice(LETTERS)
    whole = letters + digits + last
    spaced = [
        f"{letters} {digits} {last}",
        f"{letters}-{digits}-{last}",
        f"{letters} {digits}{last}",
    ]
    return chosen.choice([*[whole] * 5, whole.lower(), *spaced])


def _aadhaar(chosen: random.Random) -> str:
    while True:
        body = chosen.choice("23456789") + _filled("##########", chosen)
        digits = body + verhoeff.calc_check_digit(body)
        if digits != digits[::-1]:
            break
    written = _grouped(digits, (4, 4, 4), chosen)
    return written.translate(DEVANAGARI) if chosen.random() < 0.1 else written


def _card(chosen: random.Random) -> str:
    start, size, shape = chosen.choice(
        [
            *[("4", 16, (4, 4, 4, 4))] * 3,
            *[("5" + chosen.choice("12345"), 16, (4, 4, 4, 4))] * 3,
            *[
                ("6" + chosen.choice("05"), 16, (4, 4, 4, 4)),
                ("6522", 16, (4, 4, 4, 4)),
                ("508", 16, (4, 4, 4, 4)),
            ],
            *[
                ("34", 15, (4, 6, 5)),
                ("37", 15, (4, 6, 5)),
                ("36", 14, (4, 6, 4)),
                ("4", 13, (13,)),
            ],
            *[
                ("4", 19, (4, 4, 4, 4, 3)),
                ("2221", 16, (4, 4, 4, 4)),
                ("35" + "30", 16, (4, 4, 4, 4)),
            ],
        ]
    )
    body = start + "".join(str(chosen.randrange(10)) for _ in range(size - 1 - len(start)))
    return _grouped(body + luhn.calc_check_digit(body), shape, chosen)


def _grouped(digits: str, shape: tuple[int, ...], chosen: random.Random) -> str:
    separator = chosen.choice(["", "", " ", " ", "-", "\u00a0", " - "])
    pieces, start = [], 0
    for size in shape:
        pieces.append(digits[start : start + size])
        start += size
    return separator.join(pieces)


def _phone(chosen: random.Random) -> str:
    draw = chosen.random()
    if draw < 0.65:
        return _mobile(chosen)
    return _landline(chosen) if draw < 0.8 else _abroad(chosen)


def _mobile(chosen: random.Random) -> str:
    digits = chosen.choice("6789") + _filled("#########", chosen)
    each = iter(digits)
    pattern, prefix = chosen.choice(MOBILE_PATTERNS), chosen.choice(COUNTRY_PREFIXES)
    if pattern.startswith(("# ", "## ")) and prefix[-1:].isdigit():
        prefix += " "  # no one joins 91 to a number whose digits stand apart
    written = prefix + "".join(next(each) if sign == "#" else sign for sign in pattern)
    if chosen.random() < 0.03:
        return "".join(f"{digit}\ufe0f\u20e3" for digit in digits)
    return written.translate(DEVANAGARI) if chosen.random() < 0.12 else written


def _landline(chosen: random.Random) -> str:
    city, local = chosen.choice(CITIES), chosen.choice("234") + _filled("#######", chosen)
    half = f"{local[:4]} {local[4:]}"
    known = phonenumbers.parse(f"+91{city}{local}")
    if not phonenumbers.is_valid_number(known):
        return _landline(chosen)
    forms = [
        f"0{city}-{local}",
        f"0{city} {half}",
        f"(0{city}) {half}",
        f"0{city}{local}",
        f"+91 {city} {half}",
    ]
    return chosen.choice([*forms, f"+91-{city}-{local}", f"(0{city}){local}"])


def _abroad(chosen: random.Random) -> str:
    regions = sorted(phonenumbers.SUPPORTED_REGIONS - {"IN"})
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(chosen.choice(regions), kind)
    if example is None or not phonenumbers.is_valid_number(example):
        return _abroad(chosen)
    form = phonenumbers.PhoneNumberFormat
    plain = phonenumbers.format_number(example, form.E164)
    spaced = phonenumbers.format_number(example, form.INTERNATIONAL)
    return chosen.choice([plain, spaced, spaced.replace(" ", "-"), "00" + plain[1:]])


WRITERS: dict[str, Callable[[random.Random], str]] = {
    "email": _email,
    "upi": _upi,
    "handle": _handle,
    "ip": _ip,
    "pan": _pan,
    "card": _card,
    "aadhaar": _aadhaar,
    "phone": _phone,
}

HARMLESS = """\
Rs. ##,##,###
₹9#,##,##,###
price 7##### only
rs 9######### ka ghotala
$8########0 deal
8#########/-
1#-0#-20##
20##-0#-1#
0#/1#/20## ko milte hai
1#:##:##
1#.0#.20##
from 10:30 to 12:45 on 1#/1#/20##
score 1##/3
India 2## for 6, Aus 1##/9 (##.# ov)
6 4 6 4 6 1 0 6 4 4
9 8 7 6 5 4 3 2 1 0 go!
20## 20## 20##
2019-20 and 2020-21
in 20##-20## we won
700 800 1000 wale
75000-80000 salary
order no 9#########
Order ID: 171-#######-#######
invoice no. 7#########
PNR 8#########
AWB: 7#########
OTP ######
your otp is ####
pin 4110##
wow 90000
ticket no: 6#########
v1.2.3.4
version 10.##.1.2 is out
iOS 12.1.4.1
0.1.2.3
1.2.3
300.400.500.600
chrome 8#.0.4##.1##
99.##%
9876543210%
ratio 4:3:2
::
12::30
at 10:20:30
a::b
3.14159265358979
lat 77.########
a@b
live@wembley
love you :@
:@ so angry
meet @ 5pm
@5pm
@500rs
@50% off
@ home
10@5
9######### views
8######### followers
7######### people
12 34 56 78 90 12
78 85 92 66 71 88 90
https://x.com/a/status/1##################
http://t.co/9#########
www.shop.in/p/6###########
INDIA2020A
TRUMP2020A
ABCDE12345
helps 2020 a lot
ID4######1
IN12AB3456
file_98########_x
1234 5678 9012
4111 1111 1111 1112
111122223333
0000 0000 0000 0000
8#### km
100000000000000
covid cases 1,2#,###
100-200-300
24x7
70-80-90
2+2=4
#1
1800 123 4567
dial 100 or 1098
""".splitlines()
"""Patterns of what is no one's; `#` is any digit."""
