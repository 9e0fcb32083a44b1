"""Conversations in ShareGPT's format, the same on every machine."""

import json
import random

import building

FULL = 94_000
# Few, so that reading them is no part of what takes time or memory.
SMALL = 20

WORDS = ("model stream token answer question server memory summer river table window number garden letter "
         "machine picture kitchen morning station teacher history winter culture science market doctor "
         "music paper street village the a of to and in that it is was for on are with as be at this have "
         "from or had by not but what all were we when your can said there use an each which she do how "
         "Überraschung naïve façade 世界 データ 🙂").split()
MARKS = (". ", ", ", "? ", "! ", ".\n", ".\n\n", ' "', "' ")


def sentences(draw, count):
    """Pieces of text that conversations are put together from."""
    made = []
    for _ in range(count):
        words = draw.choices(WORDS, k=draw.randint(4, 40))
        made.append(" ".join(words).capitalize() + draw.choice(MARKS))
    return made


def path(conversations):
    """The file with that many conversations, written where it is missing: about 3.2 kB each, one to
    eight turns, one in ten begun by the model."""
    file = building.CACHE / f"conversations-{conversations}.json"
    if file.exists():
        return file
    building.CACHE.mkdir(parents=True, exist_ok=True)
    draw = random.Random(42)
    pieces = sentences(draw, 5_000)
    partial = file.with_suffix(".partial")
    with open(partial, "w", encoding="utf-8") as out:
        for number in range(conversations):
            human = draw.random() < 0.9
            turns = []
            for _ in range(draw.choice((1, 2, 2, 4, 4, 6, 6, 8))):
                length = draw.randint(1, 4) if human else draw.randint(2, 16)
                text = "".join(draw.choices(pieces, k=length))
                turns.append({"from": "human" if human else "gpt", "value": text})
                human = not human
            conversation = {"id": f"c{number}_0", "conversations": turns}
            text = json.dumps(conversation, ensure_ascii=number % 4 == 0)
            out.write(("[" if number == 0 else ",\n") + text)
        out.write("]\n")
    partial.rename(file)
    return file


def delete():
    """Deletes the generated files."""
    for file in building.CACHE.glob("conversations-*"):
        file.unlink()
