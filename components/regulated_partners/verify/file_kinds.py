"""What a file is that is neither a message nor a report: the right reason to refuse it, and what to do."""

from __future__ import annotations

import re

#: How files begin that operators give by mistake. Source: the formats' own specifications.
_MAGIC = {
    b"PK\x03\x04": "a zip archive (or an Office file of the newer kind); unpack it first",
    b"PK\x05\x06": "an empty zip archive; make it again",
    b"%PDF": "a PDF; paste the message's Internet headers into a text file instead",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"(\xb5/\xfd": "a zstd file; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"MSCF": "a cabinet file; unpack it first",
    b"!BDN": "an Outlook data file (.pst or .ost); open it in Outlook and save the message itself, as .msg or .eml",
    b"\x78\x9f\x3e\x22": "a winmail.dat (TNEF), which holds no Internet headers; save the message itself, as .eml",
    b"{\\rtf": "an RTF document; paste the message's Internet headers into a text file instead",
    b"\x89PNG": "a picture; paste the message's Internet headers as text instead",
    b"\xff\xd8\xff": "a picture; paste the message's Internet headers as text instead",
    b"GIF8": "a picture; paste the message's Internet headers as text instead",
    b"RIFF": "a picture or a sound; paste the message's Internet headers as text instead",
    b"SQLite format 3": "a database (a mail program's, perhaps); save the message itself, as .eml",
    b"\x7fELF": "a program; name the message's file",
    b"MZ": "a program; name the message's file",
    b"\x30\x82": "a certificate, or a signed or encrypted message's content (DER, PKCS#7, PKCS#12); save the message "
    "itself, as .eml; certificates are looked at by `verify certificate`",
    b"\x30\x80": "a signed or encrypted message's content (PKCS#7); save the message itself, as .eml",
    b"-----BEGIN CERTIFICATE": "a certificate; `verify certificate` looks at it",
    b"BEGIN:VCALENDAR": "an appointment (.ics); save the message itself, as .eml",
    b"BEGIN:VCARD": "a business card (.vcf); save the message itself, as .eml",
}
#: Columns of Exchange Online's reports, and a field of TLS reports: which command they are for is said.
_REPORT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:#TYPE[^\n]*\n)?"
    rb"[^\n]*\b(?:sender_?address|recipient_?address|recipient_status|Forced TLS)\b[^\n]*[,;\t]"
    rb"|\A\s*\{[\s\S]*\"(?:policy-domain|report-id)\"",
    re.IGNORECASE,
)
_FIRST_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:[ \t\r\n]")
_PAGE = re.compile(rb"\A\s*<(?:!doctype\s+html|html|\?xml)", re.IGNORECASE)


def what_it_is(start: bytes) -> str | None:
    """A clause with what to do, by the first bytes of a file; None for what may be a message."""
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            return what
    if not _FIRST_FIELD.match(start.lstrip(b"\r\n\xef\xbb\xbf")) and _REPORT.search(start):
        return "a report of Exchange Online's, or a TLS report; `verify traffic` reads it"
    if _is_binary(start):
        return "binary data of a kind that is not known; give a message (.eml, .msg, mbox) or its headers as text"
    return None


def is_page(start: bytes) -> bool:
    """Whether a file is an HTML page, such as a mail that a browser saved."""
    return _PAGE.match(start) is not None


def _is_binary(start: bytes) -> bool:
    """Many control characters, where no header begins the file and it is no UTF-16."""
    sample = start[:4096]
    if _FIRST_FIELD.match(sample.lstrip(b"\r\n\xef\xbb\xbf")) or sample.startswith(b"From "):
        return False
    controls = sum(byte < 9 or 13 < byte < 27 for byte in sample)
    looks_wide = sample[:2] in (b"\xff\xfe", b"\xfe\xff") or _every_other_is_zero(sample)
    return controls > len(sample) // 20 and not looks_wide


def _every_other_is_zero(sample: bytes) -> bool:
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    return half >= 4 and max(even, odd) > 0.6 * half and min(even, odd) < 0.1 * half
