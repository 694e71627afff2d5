"""The words that every text of the newsroom is made of.

All of it is our own: a sentence is a pattern whose `{name}` places are filled from the list of that name.
"""

from typing import Final

CITIES: Final = (
    "Brussels", "London", "Paris", "Moscow", "Berlin", "Rome", "Madrid", "Vienna", "Lisbon", "Warsaw", "Athens",
    "Helsinki", "Zürich", "Málaga", "The Hague", "Geneva", "Belgrade", "Prague", "Dublin", "Oslo", "Nairobi",
    "Beijing", "Tokyo", "New Delhi", "Cairo", "Riyadh", "Addis Ababa", "New York", "Washington", "Toronto",
)  # fmt: skip

GIVEN: Final = (
    "Anna", "Bernard", "Clara", "Daniel", "Edith", "Frank", "Gloria", "Henrik", "Irène", "Jonas", "Karin", "Louis",
    "Marta", "Nils", "Olga", "Patrick", "Renée", "Stefan", "Teresa", "Viktor", "José", "Zoë",
)  # fmt: skip

FAMILY: Final = (
    "Abbott", "Bergström", "Castellan", "Dvorsky", "Ekman", "Farrow", "Girard", "Holloway", "Iversen", "Jansen",
    "Kowalczyk", "Lefèvre", "Marchetti", "Novotny", "Okafor", "Pemberton", "Quigley", "Rossi", "Szabo", "O'Malley",
)  # fmt: skip

CHINESE_FAMILY: Final = ("Wei", "Ren", "Chen", "Luo", "Fang", "Gao", "Shen", "Tang", "Xia", "Yuan", "Zou", "Peng")
CHINESE_GIVEN: Final = ("Lan", "Qi", "Yulan", "Haoran", "Jing", "Mingze", "Rui", "Siyuan", "Tao", "Weilin", "Xinyi")

FILLINGS: Final[dict[str, tuple[str, ...]]] = {
    "city": CITIES,
    "body": (
        "The transport ministry", "The harbor authority", "The regional council", "A panel of engineers",
        "The council of mayors", "The central bank", "The lower house", "A group of museums", "The rail operator",
        "The grid company", "The farmers' union", "The city's water board", "A coalition of research centers",
        "The national weather office", "The chamber of commerce", "The ferry company Nordlinjen & Søn",
    ),
    "acted": (
        "approved", "put forward", "delayed", "revived", "presented", "quietly dropped", "extended", "defended",
        "signed", "questioned", "paid for", "published", "endorsed", "sent back",
    ),
    "measure": (
        "a plan for cheaper night trains", "a fund for flooded villages", "new rules for drones over ports",
        "a ten-year lease on the old shipyard", "a budget for 340 electric buses", "the long-awaited tunnel study",
        "a code of conduct for delivery riders", "an agreement on shared fishing grounds",
        "a tariff on imported glass", "the reform of its pension scheme", "a list of protected cafés",
        "a joint R&D program on batteries", "the repair of four medieval bridges", "a levy on empty offices",
    ),
    "when": (
        "on Monday", "on Tuesday", "on Wednesday", "on Thursday", "late on Friday", "over the weekend",
        "earlier this month", "after a night of talks", "ahead of the spring session", "in a short ceremony",
        "at a meeting behind closed doors", "for the second time this year",
    ),
    "reason": (
        "as energy bills kept rising", "because the old contract had run out", "despite doubts in two provinces",
        "while neighboring states looked on", "after a dry winter had emptied the reservoirs",
        "in the hope of drawing more visitors", "as cargo traffic returned to the level of 2019",
        "since no bidder had met the deadline", "under pressure from shop owners", "to the surprise of its partners",
    ),
    "role": (
        "who chairs the committee", "a lecturer in trade law", "the deputy mayor", "a shipping analyst",
        "who has run the market hall for 20 years", "the project's chief engineer", "a spokeswoman for the union",
        "an economist at the Institute for Open Borders", "who grows olives near the border", "the curator",
    ),
    "said": (
        "We measured it twice, and the result is the same", "Nobody here expected the figures to move so quickly",
        "What counts is that the trains run on time", "It is a small step — but it is a step",
        "I would rather wait a year than build it badly", "Our members will read every page of it",
        "The harvest was late, and so are the orders", "There is room for both sides at this table",
        "People want to know who pays, and when", "The café was full again for the first time since autumn",
    ),
    "fact": (
        "The work is expected to cost 42 million euros ($47.8 million)", "About 1,900 households would be affected",
        "Three out of five respondents backed the idea", "Exports rose by 6.4 percent in the fourth quarter",
        "The first stage covers 118 kilometers of track", "Nearly half of the seats are already booked",
        "Prices have climbed for 11 months in a row", "A similar trial in the north ended without a result",
        "The previous attempt dates from 1998", "Volunteers planted 60,000 saplings along the river",
    ),
    "next": (
        "A decision is due before the summer break", "Further talks are planned for next week",
        "The documents can be seen at the town hall until April", "An appeal is still possible",
        "Both sides agreed to meet again in {city}", "The findings will be checked by an outside auditor",
        "Work could begin as early as September", "The opposition has asked for a vote",
    ),
    "trend": (
        "Trade between the two coasts", "The price of timber", "Interest in language courses", "Cross-border tourism",
        "The number of small breweries", "Demand for heat pumps", "Rail freight", "The herring catch",
        "Attendance at regional theaters", "The market for second-hand bicycles",
    ),
    "moved": (
        "has doubled since the line opened", "fell slightly in January", "is recovering faster than forecast",
        "has become a matter of local pride", "remains well below its peak", "rose in 19 of 27 districts",
        "is watched closely in the capital", "has changed the look of whole streets", "slowed for a third quarter",
    ),
    "topic": (
        "night trains", "port drones", "flood fund", "shipyard lease", "electric buses", "tunnel study", "fishing pact",
        "glass tariff", "pension reform", "café heritage", "battery R&D", "old bridges", "office levy", "olive harvest",
    ),
    "voted": (
        "backs", "weighs", "delays", "reopens debate on", "seeks partners for", "cautious over", "presses on with",
        "faces questions on", "counts cost of", "welcomes", "rethinks", "splits over",
    ),
    "amid": (
        "as winter bites", "amid calls for calm", "before key vote", "despite doubts", "after long delay",
        "in race against time", "to boost trade", "on 'modest' budget", "with eye on jobs", "as talks resume",
        "— and neighbors follow", "in sign of thaw",
    ),
    "someone": (
        "Ferry crew members", "Women with umbrellas", "Two cyclists", "Street musicians", "Commuters",
        "Market traders", "Members of a choir", "Technicians in yellow vests", "Schoolchildren", "Three fishermen",
    ),
    "does": (
        "cross the bridge", "wait for the first tram", "look at the model of the new quay", "sort fresh mackerel",
        "pass the closed shipyard", "rehearse under the glass roof", "carry boxes of lemons", "check a solar panel",
        "admire the façade", "queue outside the café",
    ),
}  # fmt: skip

SENTENCES: Final = (
    "{body} {acted} {measure} {when}.",
    "{body} {acted} {measure} {when}, {reason}.",
    "“{said},” said {person}, {role}.",
    "“{said},” {person}, {role}, told reporters in {city}. “{said}.”",
    "{fact}, according to figures released in {city}.",
    "{fact}.",
    "{trend} {moved}, {reason}.",
    "{trend} {moved}.",
    "{next}.",
    "In {city}, {person} — {role} — called for patience.",
)

HEADLINES: Final = (
    "{city} {voted} {topic} {amid}",
    "{city} {voted} {topic}",
    "{city} and {city} agree on {topic} {amid}",
    "Mayor of {city} {voted} “{topic}” {amid}",
)

CAPTIONS: Final = ("{someone} {does} in {city} {when}.", "{someone} {does} in {city}.")
CREDITS: Final = ("Photo/Agencies", "Photo/Xinhua", "Photo by {person}/China Daily", "Photo provided to China Daily")
STANDFIRSTS: Final = ("{trend} {moved}, and {city} takes note", "{fact}, and more is to come")
