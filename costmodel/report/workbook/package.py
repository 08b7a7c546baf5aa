"""What a workbook is as a file: a zip of XML parts. Everything else, and everything oversized, is refused unread."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from costmodel.errors import InputError

PLACE = "workbook"
MOST_BYTES = 5_000_000
MOST_UNZIPPED = 60_000_000
HIGHEST_RATIO = 100
"""Unzipped to zipped. Workbooks of numbers and formulas reach about 15."""
MOST_PARTS = 1_000
AGAIN = "Take the workbook that this program wrote, type your values into it and save it as .xlsx."

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OTHERS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
}
DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)


def is_binary(content: bytes) -> bool:
    """Whether the content is a workbook or another file that is no text, going by its first bytes."""
    return content.startswith((OLE2, *ZIPS, *OTHERS))


def check(content: bytes) -> None:
    """Raises InputError unless the content is a macro-free .xlsx of bearable size with plain XML parts."""
    _check_kind(content)
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = package.infolist()
            _check_size(parts, len(content))
            _check_parts(package, parts)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError, OSError, RuntimeError) as error:
        raise damaged() from error


def damaged() -> InputError:
    """The error for a file that breaks off or contradicts itself."""
    return InputError.at(PLACE, "the file is damaged and cannot be read", AGAIN)


def _check_kind(content: bytes) -> None:
    if not content:
        raise InputError.at(PLACE, "the file is empty", AGAIN)
    if len(content) > MOST_BYTES:
        raise InputError.at(PLACE, f"the file has more than {MOST_BYTES:,} bytes", AGAIN)
    if content.startswith(OLE2):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise InputError.at(PLACE, "the workbook is protected by a password", "Save it without one.")
        raise InputError.at(PLACE, "this is a file of the old Excel format (.xls)", AGAIN)
    if not content.startswith(ZIPS):
        kind = next((kind for start, kind in OTHERS.items() if content.startswith(start)), "something else")
        raise InputError.at(PLACE, f"this is no Excel workbook (.xlsx) but {kind}, whatever its name says", AGAIN)


def _check_size(parts: list[zipfile.ZipInfo], size: int) -> None:
    """What the parts say of their size. Reading stops there, so that they cannot hold more."""
    if len(parts) > MOST_PARTS:
        raise InputError.at(PLACE, f"the file has {len(parts):,} parts", f"At most {MOST_PARTS:,}. {AGAIN}")
    unzipped = sum(part.file_size for part in parts)
    if unzipped > MOST_UNZIPPED or unzipped > HIGHEST_RATIO * size:
        found = f"the file unpacks to {unzipped:,} bytes, {unzipped / size:,.0f} times its size"
        remedy = f"At most {MOST_UNZIPPED:,} bytes and {HIGHEST_RATIO} times. {AGAIN}"
        raise InputError.at(PLACE, found, remedy)


def _check_parts(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename.lower() for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise InputError.at(PLACE, "the file is protected by a password", "Save it without one.")
    if "mimetype" in names and "content.xml" in names:
        raise InputError.at(PLACE, "this is an OpenDocument spreadsheet (.ods)", "Save it as .xlsx.")
    if "xl/workbook.bin" in names:
        raise InputError.at(PLACE, "this is a binary workbook (.xlsb)", "Save it as .xlsx.")
    if "xl/workbook.xml" not in names:
        raise InputError.at(PLACE, "this is a zip archive but no Excel workbook (.xlsx)", AGAIN)
    if len(set(names)) < len(names):
        raise damaged()
    for part in parts:
        content = package.read(part)
        if part.filename.lower().endswith("vbaproject.bin") or b"macroEnabled" in content:
            raise InputError.at(PLACE, "the workbook holds macros (.xlsm)", "Save it as .xlsx, without macros.")
        if any(word in content for word in DECLARATIONS) and part.filename.lower().endswith((".xml", ".rels")):
            found = f"its part {part.filename[:60]!r} declares a document type or entities"
            raise InputError.at(PLACE, found, f"No spreadsheet program writes them. {AGAIN}")
