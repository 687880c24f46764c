"""English sentences from templates over some 900 common words: statements, questions, numbers in words, days."""

import random
import re

NOUNS = """man woman child boy girl friend teacher doctor farmer king queen dog cat horse bird fish cow sheep wolf bear
lion tree flower garden river lake sea mountain hill forest field road street bridge house door window table chair bed
room kitchen wall floor roof book letter paper pen story song picture game ball car train ship boat plane wheel machine
engine computer phone clock watch lamp fire candle stone coin market shop school church town city village country world
island desert moon star cloud storm summer winter morning evening night day week month year hour minute apple orange egg
cake cup glass plate knife spoon shirt coat hat shoe dress ring bag box key mirror hand head eye ear nose mouth foot arm
leg heart voice word name number question answer idea plan dream problem lesson job office worker soldier captain pilot
driver sailor baker mother father sister brother son daughter uncle aunt neighbor stranger guest baby family team party
meeting color line circle corner place thing map ticket station airport hotel hospital library museum park beach farm
tower castle gate bottle blanket basket bell brush button camera carpet chicken class coach computer cousin crowd curtain
desk drawer drum duck elephant fence finger flag fox guitar hammer hotel insect jacket kettle kitten ladder leaf magazine
message monkey mouse nail needle newspaper nurse ocean owner page painter palace pencil piano pillow pocket poem potato
prize puppy rabbit radio rope sandwich saw shelf shoulder sign singer speaker square stair statue stick student sweater
tail teapot tiger tool toy truck uniform valley visitor wagon wheel wing writer yard zoo model program sentence""".split()
MASS = """bread milk water coffee tea cheese meat soup sugar salt rain snow wind music gold silver iron money wood rice
fruit butter honey sand smoke grass ice paint oil air light food""".split()
ADJECTIVES = """big small long short old young new good bad happy sad angry quiet loud warm cold hot cool wet dry clean
dirty dark bright heavy light fast slow early late rich poor strong weak hard soft easy simple strange famous empty full
open broken golden green blue red yellow black white brown gray sweet bitter fresh deep high low wide narrow round smooth
rough safe dangerous kind gentle brave clever lazy busy tired hungry thirsty sick healthy lonely beautiful wonderful
terrible important different special modern ancient wooden careful cheap expensive friendly funny huge lovely lucky
nervous nice perfect plain pretty proud purple quick ready sharp shy silent silly steep thick thin tiny true ugly useful
wild wise wrong right""".split()
VERBS = """find:found see:saw buy:bought sell:sold lose:lost make:made take:took give:gave bring:brought carry:carried
hold:held drop:dropped break:broke fix:fixed open:opened close:closed clean:cleaned paint:painted wash:washed
watch:watched hear:heard follow:followed love:loved like:liked want:wanted need:needed know:knew remember:remembered
forget:forgot leave:left keep:kept move:moved push:pushed pull:pulled show:showed build:built use:used hide:hid
touch:touched catch:caught throw:threw visit:visited choose:chose count:counted cover:covered fill:filled share:shared
read:read write:wrote draw:drew cook:cooked eat:ate drink:drank send:sent lift:lifted borrow:borrowed burn:burned
check:checked cut:cut describe:described enjoy:enjoyed explain:explained finish:finished guess:guessed help:helped
invite:invited join:joined kick:kicked learn:learned lock:locked measure:measured miss:missed notice:noticed order:ordered
pay:paid pick:picked plant:planted play:played protect:protected raise:raised reach:reached repair:repaired save:saved
search:searched start:started steal:stole teach:taught tell:told thank:thanked tie:tied turn:turned understand:understood
wear:wore win:won wrap:wrapped""".split()
BASE, PAST = [verb.split(":")[0] for verb in VERBS], [verb.split(":")[1] for verb in VERBS]
MOTION = """walked ran jumped slept waited laughed cried smiled stopped started worked played danced sang talked listened
looked stood sat fell rested returned arrived traveled disappeared turned moved stayed spoke swam climbed flew shouted
whispered breathed hurried""".split()
ADVERBS = """quickly slowly quietly carefully suddenly finally always never often sometimes today yesterday tomorrow again
together alone early late outside inside upstairs away now soon later here there everywhere almost perhaps already
clearly easily gently happily loudly nearly really tonight twice usually well""".split()
PREPOSITIONS = """in on under near behind above over beside around across through into from with without before after past
along against between at by toward""".split()
PRONOUNS = "I you he she we they it".split()
OBJECTS = "me you him her us them it".split()
DETERMINERS = "the the the the a a my your his her our their this that every another some".split()
AUXILIARIES = "can could will would should must may might".split()
DIGITS = "one two three four five six seven eight nine".split()
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " \
    "seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth last next".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
GREETINGS = """hello|good morning|good evening|good night|thank you|thank you very much|yes|no|well|oh|welcome|excuse me|
please|sorry|of course|goodbye|hello there|how are you|see you soon|nice to meet you""".replace("\n", "").split("|")
PLURALS = {"child": "children", "man": "men", "woman": "women", "fish": "fish", "sheep": "sheep", "wolf": "wolves",
           "foot": "feet", "knife": "knives", "leaf": "leaves", "shelf": "shelves", "mouse": "mice"}


def plural(noun):
    if noun in PLURALS:
        return PLURALS[noun]
    if re.search(r"(s|x|ch|sh)$", noun):
        return noun + "es"
    return re.sub(r"y$", "ies", noun) if re.search(r"[^aeiou]y$", noun) else noun + "s"


class Writer:
    """Draws sentences; the same seed writes the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def chance(self, share):
        return self.random.random() < share

    def thing(self):
        if self.chance(0.12):
            return f"{self.pick(['the', 'some', 'my', 'our', 'your'])} {self.pick(MASS)}"
        if self.chance(0.12):
            return f"{self.pick(['the', 'my', 'these', 'those', 'all the', 'many', self.number()])} {plural(self.pick(NOUNS))}"
        determiner, noun = self.pick(DETERMINERS), self.pick(NOUNS)
        words = f"{self.pick(ADJECTIVES)} {noun}" if self.chance(0.45) else noun
        if determiner == "a" and words[0] in "aeio":
            determiner = "an"
        return f"{determiner} {words}"

    def number(self):
        draw = self.random.random()
        if draw < 0.45:
            return self.pick(NUMBERS)
        if draw < 0.8:
            return self.pick(TENS) + (" " + self.pick(DIGITS) if self.chance(0.7) else "")
        return self.pick(DIGITS) + self.pick([" hundred", " thousand"]) + (" and " + self.pick(TENS) if self.chance(0.4) else "")

    def place(self):
        return f"{self.pick(PREPOSITIONS)} {self.thing()}"

    def who(self):
        return self.pick(PRONOUNS) if self.chance(0.4) else self.thing()

    def clause(self):
        return f"{self.who()} {self.pick(PAST)} {self.thing()}"

    def statement(self):
        who = self.who()
        be = "am" if who == "I" else "are" if who in ("you", "we", "they") else "is"
        return self.pick([
            lambda: f"{who} {self.pick(PAST)} {self.thing()}",
            lambda: f"{who} {self.pick(PAST)} {self.thing()} {self.place()}",
            lambda: f"{who} {self.pick(MOTION)} {self.place()}",
            lambda: f"{who} {self.pick(MOTION)} {self.pick(ADVERBS)}",
            lambda: f"{who} {self.pick(AUXILIARIES)} {self.pick(BASE)} {self.thing()}",
            lambda: f"{who} {self.pick(AUXILIARIES)} not {self.pick(BASE)} {self.pick(OBJECTS)}",
            lambda: f"{who} {be} {self.pick(ADJECTIVES)} and {self.pick(ADJECTIVES)}",
            lambda: f"{who} {be} {self.pick(['very', 'so', 'not', 'too', 'never', 'always'])} {self.pick(ADJECTIVES)}",
            lambda: f"please {self.pick(BASE)} {self.thing()} {self.place() if self.chance(0.4) else ''}",
            lambda: f"do not {self.pick(BASE)} {self.thing()}",
            lambda: f"let us {self.pick(BASE)} {self.thing()} {self.pick(ADVERBS)}",
            lambda: f"there {self.pick(['are', 'were'])} {self.number()} {plural(self.pick(NOUNS))} {self.place()}",
            lambda: f"the number is {self.number()} {self.number()} {self.number()}",
            lambda: f"{self.number()} {self.pick(['plus', 'minus', 'times'])} {self.number()} is {self.number()}",
            lambda: f"it is {self.number()} {self.pick(['minutes', 'hours', 'days', 'weeks', 'dollars', 'miles', 'degrees'])}",
            lambda: f"{who} {self.pick(PAST)} {self.number()} {plural(self.pick(NOUNS))} on {self.pick(DAYS)}",
            lambda: f"the {self.pick(NOUNS)} opens on {self.pick(DAYS)} in {self.pick(MONTHS)}",
            lambda: f"on {self.pick(DAYS)}, the {self.pick(ORDINALS)} of {self.pick(MONTHS)}, {self.clause()}",
            lambda: f"the {self.pick(ORDINALS)} {self.pick(NOUNS)} is {self.pick(ADJECTIVES)}",
            lambda: f"{self.pick(ADVERBS)} {who} {self.pick(PAST)} {self.pick(OBJECTS)}",
            lambda: f"{who} said that {self.clause()}",
            lambda: f"{who} {self.pick(MOTION)} because {self.clause()}",
            lambda: f"when {self.clause()}, {self.who()} {self.pick(MOTION)}",
            lambda: f"{self.thing()} and {self.thing()} {self.pick(MOTION)}",
            lambda: f"{self.thing()} is more {self.pick(ADJECTIVES)} than {self.thing()}",
            lambda: f"I {self.pick(['think', 'hope', 'know', 'believe'])} {self.clause()}",
            lambda: f"{self.pick(GREETINGS)}, {self.clause()}",
            lambda: f"this is {self.thing()}",
        ])()

    def question(self):
        return self.pick([
            lambda: f"{self.pick(AUXILIARIES[:5])} {self.who()} {self.pick(BASE)} {self.thing()}?",
            lambda: f"{self.pick(['where', 'when', 'why', 'how'])} did {self.who()} {self.pick(BASE)} {self.thing()}?",
            lambda: f"{self.pick(['what is', 'where is', 'who has', 'who is', 'which is'])} {self.thing()}?",
            lambda: f"how many {plural(self.pick(NOUNS))} did {self.who()} {self.pick(BASE)}?",
            lambda: f"do you {self.pick(['want', 'know', 'like', 'see', 'remember'])} {self.thing()}?",
        ])()

    def short(self):
        return self.pick([
            self.thing, self.number, lambda: self.pick(GREETINGS),
            lambda: f"{self.pick(PRONOUNS)} {self.pick(PAST)} {self.pick(OBJECTS)}",
            lambda: self.pick(NOUNS + MASS + ADJECTIVES + ADVERBS + DAYS + MONTHS + BASE),
        ])()

    def sentence(self, short_share=0.06):
        draw = self.random.random()
        text = self.short() if draw < short_share else self.question() if draw < 0.22 else self.statement()
        text = re.sub(r"\s+", " ", text).strip()
        text = text[0].upper() + text[1:]
        return text if text[-1] == "?" else text + "."

    def distinct(self, count, longest, taken, **kinds):
        """`count` sentences of at most `longest` characters that are not in `taken`, which grows by them."""
        found = []
        while len(found) < count:
            text = self.sentence(**kinds)
            if len(text) <= longest and text not in taken:
                taken.add(text)
                found.append(text)
        return found

    def pairs(self, count, taken):
        """Two sentences in one breath, 61 to 120 characters."""
        found = []
        while len(found) < count:
            text = f"{self.sentence(0)} {self.sentence(0)}" if self.chance(0.5) else self.sentence(0)
            if 60 < len(text) <= 120 and text not in taken:
                taken.add(text)
                found.append(text)
        return found


def corpus(seed, count, long_share=0.06, held_out=150):
    """Training sentences, and sentences held out that training never sees."""
    writer, taken = Writer(seed), set()
    held = writer.distinct(held_out, 60, taken, short_share=0)
    longer = writer.pairs(round(count * long_share), taken)
    return writer.distinct(count - len(longer), 60, taken) + longer, held
