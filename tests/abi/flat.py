#!/usr/bin/env python3
"""flat.py HEADER...: whether a library's C interface is easy to call from any language.

Plain integers and pointers go in and out, no bit-fields, no callbacks, no structs by value, no lists of arguments of unknown
length; and each struct that a program fills in begins with its own size, as `uint32_t struct_size`. What is otherwise is
printed with its place, and the exit code is 1. `flat.py --self-test` shows that it finds each of them.
"""
import re
import sys

INTEGERS = {"uint8_t", "uint16_t", "uint32_t", "uint64_t", "int8_t", "int16_t", "int32_t", "int64_t", "int", "char"}
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} *(\w+);", re.S)
ENUM = re.compile(r"typedef enum (\w+) \{.*?\} *(\w+);", re.S)
OPAQUE = re.compile(r"typedef struct (\w+) (\w+);")
FUNCTION = re.compile(r"\bSHMB_API\s+([^;{}]*?);", re.S)
MEMBER = re.compile(r"(?:const )?(?:struct )?(\w+)\s*((?:\*\s*(?:const\s*)?)*)(\w+)\s*(\[[^\]]*\])?")


def without_comments(text):
    """The text with its comments blank, line by line, and lines of the preprocessor, too."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.M)


class Header:
    def __init__(self, path, text, types):
        self.path, self.text, self.types, self.findings = path, without_comments(text), types, []

    def find(self, offset, what):
        line = self.text.count("\n", 0, offset) + 1
        self.findings.append(f"{self.path}:{line}: {what}")

    def value_is_plain(self, kind, stars):
        return bool(stars.strip()) or kind in INTEGERS or kind in self.types["enum"]

    def check_type(self, offset, declaration, where):
        found = MEMBER.fullmatch(" ".join(declaration.split()))
        if not found:
            self.find(offset, f"{where}: `{declaration.strip()}` is no plain integer or pointer")
            return None
        kind, stars, name, _ = found.groups()
        known = INTEGERS | {"void"} | self.types["struct"] | self.types["enum"]
        if kind not in known or (not self.value_is_plain(kind, stars)):
            self.find(offset, f"{where}: `{declaration.strip()}` is no plain integer or pointer")
        return name

    def check_structs(self):
        for struct in STRUCT.finditer(self.text):
            name, body = struct.group(3), struct.group(2)
            members = [member for member in body.split(";") if member.strip()]
            if not members or " ".join(members[0].split()) != "uint32_t struct_size":
                self.find(struct.start(), f"struct {name} does not begin with `uint32_t struct_size`")
            for member in members:
                self.check_type(struct.start(2) + body.index(member), member, f"struct {name}")

    def check_functions(self):
        count = 0
        for function in FUNCTION.finditer(self.text):
            count += 1
            parts = re.fullmatch(r"(.*?)(\w+)\s*\((.*)\)", " ".join(function.group(1).split()))
            if not parts:
                self.find(function.start(), f"`{' '.join(function.group(1).split())}` is no function")
                continue
            result, name, arguments = parts.groups()
            if result.strip() != "void":
                self.check_type(function.start(), result + " result", f"{name} returns")
            for argument in arguments.split(","):
                if argument.strip() != "void":
                    self.check_type(function.start(), argument, name)
        return count

    def check(self):
        self.check_structs()
        return self.check_functions()


def types_of(texts):
    names = {"struct": set(), "enum": set()}
    for text in map(without_comments, texts):
        names["struct"] |= {found.group(3) for found in STRUCT.finditer(text)}
        names["struct"] |= {found.group(2) for found in OPAQUE.finditer(text)}
        names["enum"] |= {found.group(2) for found in ENUM.finditer(text)}
    return names


def check_all(named):
    types, findings, functions = types_of(named.values()), [], 0
    for path, text in named.items():
        header = Header(path, text, types)
        functions += header.check()
        findings += header.findings
    return findings, functions


GOOD = """
typedef struct thing thing;
typedef enum status { FINE } status;
typedef struct options { /* of things */
    uint32_t struct_size;
    uint32_t kind;
    const char *name; // whose
    uint64_t reserved[4];
    void *bytes;
} options;
SHMB_API status open_thing(const char *name, const options *options,
                           thing **opened);
SHMB_API const char *text_of(status code);
SHMB_API void close_thing(thing *opened);
SHMB_API uint32_t version(void);
"""
BAD = {
    "a bit-field": ("uint32_t kind;", "uint32_t kind : 3;"),
    "a callback in a struct": ("void *bytes;", "void (*call)(void *);"),
    "a callback as an argument": ("thing *opened);\nSHMB_API uint32", "void (*call)(thing *));\nSHMB_API uint32"),
    "a struct without its size": ("uint32_t struct_size;", ""),
    "a size that is not the first": ("uint32_t struct_size;\n    uint32_t kind;", "uint32_t kind;\n    uint32_t struct_size;"),
    "a size of another width": ("uint32_t struct_size;", "size_t struct_size;"),
    "a struct by value": ("const options *options", "options options"),
    "a struct as a result": ("SHMB_API uint32_t version", "SHMB_API options version"),
    "an integer of the compiler's width": ("uint32_t version", "long version"),
    "a size of the machine's width": ("uint64_t reserved[4]", "size_t reserved[4]"),
    "a truth value of the compiler's": ("uint32_t kind;", "bool kind;"),
    "arguments without an end": ("thing *opened);\nSHMB_API uint32", "thing *opened, ...);\nSHMB_API uint32"),
    "a floating number": ("uint32_t kind;", "long double kind;"),
}


def self_test():
    findings, functions = check_all({"good.h": GOOD})
    failures = [f"refused: {finding}" for finding in findings]
    if functions != 4:
        failures.append(f"{functions} functions were found, not 4")
    for what, (before, after) in BAD.items():
        if before not in GOOD or not check_all({"bad.h": GOOD.replace(before, after, 1)})[0]:
            failures.append(f"not found: {what}")
    return failures


def main(arguments):
    if arguments == ["--self-test"]:
        failures = self_test()
        print("\n".join(failures) or f"each of {len(BAD)} slips is found")
        return 1 if failures else 0
    named = {}
    for path in arguments:
        with open(path, encoding="utf-8") as file:
            named[path] = file.read()
    findings, functions = check_all(named)
    if functions < 30:
        findings.append(f"only {functions} functions were found: are these the headers?")
    print("\n".join(findings) or f"{functions} functions, {len(types_of(named.values())['struct'])} structs: all flat")
    return 1 if findings else 0


sys.exit(main(sys.argv[1:]))
