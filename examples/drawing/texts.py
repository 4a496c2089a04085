"""The words on the example pages. Bacon's essay is in the public domain; the rest was written for bgtool."""

ESSAY_TITLE = "OF STVDIES."
# after Francis Bacon, The Essayes or Counsels, London 1625
ESSAY = """STVDIES serue for Delight, for Ornament, and for Ability. Their Chiefe Vse for Delight, is in Priuatenesse
and Retiring; For Ornament, is in Discourse; And for Ability, is in the Iudgement and Disposition of Businesse. For
Expert Men can Execute, and perhaps Iudge of particulars, one by one; But the generall Counsels, and the Plots, and
Marshalling of Affaires, come best from those that are Learned. To spend too much Time in Studies, is Sloth; To vse
them too much for Ornament, is Affectation; To make Iudgement wholly by their Rules is the Humour of a Scholler. They
perfect Nature, and are perfected by Experience: For Naturall Abilities, are like Naturall Plants, that need Proyning
by Study: And Studies themselues, doe giue forth Directions too much at Large, except they be bounded in by
experience. Crafty Men Contemne Studies; Simple Men Admire them; and Wise Men Vse them: For they teach not their owne
Vse; But that is a Wisdome without them, and aboue them, won by Obseruation. Reade not to Contradict, and Confute;
Nor to Beleeue and Take for granted; Nor to Finde Talke and Discourse; But to weigh and Consider. Some Bookes are to
be Tasted, Others to be Swallowed, and Some Few to be Chewed and Digested: That is, some Bookes are to be read onely
in Parts; Others to be read but not Curiously; And some Few to be read wholly, and with Diligence and Attention."""
ESSAY_VERSO = """Reading maketh a Full Man; Conference a Ready Man; And Writing an Exact Man. And therefore, If a Man
Write little, he had need haue a Great Memory; If he Conferre little, he had need haue a Present Wit; And if he Reade
litle, he had need haue much Cunning, to seeme to know that, he doth not. Histories make Men Wise; Poets Witty; The
Mathematicks Subtill; Naturall Philosophy deepe; Morall Graue; Logick and Rhetorick Able to Contend. Nay there is no
Stond or Impediment in the Wit, but may be wrought out by Fit Studies: Like as Diseases of the Body, may haue
Appropriate Exercises. Bowling is good for the Stone and Reines; Shooting for the Lungs and Breast; Gentle Walking
for the Stomacke; Riding for the Head; And the like. So if a Mans Wit be Wandring, let him Study the Mathematicks;
For in Demonstrations, if his Wit be called away neuer so little, he must begin again: If his Wit be not Apt to
distinguish or find differences, let him Study the Schoole-men; If he be not Apt to beat ouer Matters, and to call vp
one Thing, to Proue and Illustrate another, let him Study the Lawyers Cases: So euery Defect of the Minde, may haue a
Special Receit."""

LETTER = [
    "\t\t\t\tHigh Barn, 14 October 1847",
    "My dear Sister,",
    "\tYour letter came by the carrier on",
    "Monday, and was read aloud at supper. We are",
    "glad to hear that the harvest is in and that the",
    "children have their health again. Here it has been",
    "wet since Michaelmas; the lower field is under water",
    "and the mill has not turned these nine days.",
    "\tFather is much better. He walks as far as the",
    "gate each morning and scolds the geese, by which",
    "you may judge of his strength. He asks me to tell",
    "you that the grey mare is sold to Mr Holloway for",
    "eleven pounds, which is more than he had hoped.",
    "\tThe bees are quiet. I took up two hives, and send",
    "you a crock of the honey by William, who leaves",
    "with the waggon on Thursday. Pray let me have the",
    "cloth back, as I have no other.",
    "\t\t\tEver your affectionate brother,",
    "\t\t\t\t\t\tJohn Aldous",
]
LETTER_VERSO = [
    "P.S. I had near forgot what you ask about the clock.",
    "It is at the maker's still. He says that the spring is",
    "broken and the case full of mice, and that it will",
    "cost us nine shillings before it strikes again. I told",
    "him he might keep the mice. Mother would have it",
    "mended all the same, and so I suppose it must be.",
    "\tThe school at Hatley is to have a stove this",
    "winter. The Rector gave two pounds and the rest is",
    "made up in small sums, of which ours is one. There",
    "was some talk of a new roof, but nothing came of it,",
    "and the rain comes in upon the little ones as before.",
    "\tDo not trouble about the money. It can very well",
    "wait until the spring, when I hope to see you both.",
    "The road is bad beyond the bridge, and I would not",
    "have you come before it is made good. Bring the",
    "boys; there is room for all, and the pony is idle.",
    "\tI have kept this open till Wednesday and have",
    "no more to add but that the water is going down.",
    "\t\t\t\t\tJ. A.",
]

CARBON = [
    "COASTAL WEATHER SERVICE",
    "Station 17, Skerry Point               COPY No. 3",
    "",
    "To:      The Superintendent, Northern District",
    "From:    Observer in charge",
    "Date:    9 February 1938",
    "Subject: Damage to instruments, night of 6-7 Feb.",
    "",
    "1. I have to report that the anemometer mast was",
    "carried away at 0240 hours on the 7th inst. The last",
    "reading taken from the dial was 71 knots, gusting",
    "to 86. The cups were found next morning in the lee",
    "of the boathouse and are past repair.",
    "",
    "2. The north louvre of the thermometer screen is",
    "stove in. Both thermometers are sound. Readings",
    "have been taken at the usual hours, from the back",
    "porch, and are marked P in the journal.",
    "",
    "3. Stores required, with the next boat:",
    "",
    "     1   mast, 20 ft., with stays and shackles",
    "     1   anemometer, cup, pattern B",
    "     2   panes glass, 14 x 20",
    "     6   lb. putty",
    "    12   charts, barograph, weekly",
    "",
    "4. The barograph did not stop, and its trace for",
    "the week is enclosed. I would draw attention to the",
    "fall of 31 millibars in nine hours, which is the",
    "steepest on record at this station.",
    "",
    "",
    "                         (signed)  M. Tulloch",
]
STAMP = ("RECEIVED", "18 FEB 1938")

OFFICE = {
    "title": "Reading room: move to the ground floor",
    "line": "Minutes of the building group, 3 March. Present: all but two. Next meeting: 17 March, 10:00.",
    "body": [
        "The shelving on the ground floor has been measured and will carry the bound newspapers. The group agreed to "
        "move the collection in four lifts rather than one, so that no title is out of use for more than three days.",
        "Loans to other libraries pause from Monday to Thursday of each week of the move. The notice goes on the "
        "front door and on the website ten days ahead.",
    ],
    "table_title": "Table 1. Lifts and shelf metres",
    "table": [
        ("Collection", "Metres", "Boxes", "Week"),
        ("Daily newspapers, 1880-1914", "212.5", "640", "14"),
        ("Daily newspapers, 1915-1950", "187.0", "561", "15"),
        ("Weeklies and illustrated papers", "96.4", "290", "16"),
        ("Maps, large folios, microfilm", "41.2", "118", "17"),
        ("Total", "537.1", "1,609", ""),
    ],
    "items": [
        "Boxes are numbered by lift and shelf (14-001 and so on). A box without a number does not travel.",
        "The scanning bench moves last. Orders placed before 28 March are finished upstairs.",
        "Damp readings are taken daily for one month; the limit is 55 % relative humidity. Above it, the lift stops "
        "until the air has been dried and the shelves have been checked by hand.",
        "Keys: Ms Okafor (cellar), Mr Lindqvist (lift), the porter's desk (all others).",
    ],
    "foot": "Page 1 of 2",
}

LEDGER_TITLE = "Cash Account, 1871"
LEDGER = [
    ("Jan 2", "By Balance brought forward", "1", "48", "12", "6"),
    ("4", "Thos. Pyne, two ton coals", "14", "2", "6", "0"),
    ("7", "Oats for the grey horse", "14", "1", "3", "9"),
    ("9", "R. Dunnet, wages", "22", "3", "15", "0"),
    ("", "his boy, do", "22", "", "9", "6"),
    ("13", "Sold 40 sacks barley", "31", "36", "0", "0"),
    ("16", "Turnpike, and mending wheel", "15", "", "17", "4"),
    ("20", "Poor Rate, half year", "9", "4", "11", "8"),
    ("21", "Wm. Garrod, shoeing", "15", "", "14", "0"),
    ("27", "Nails, rope & lamp oil", "16", "1", "2", "10"),
    ("30", "Sold two heifers at the fair", "31", "29", "10", "0"),
    ("Feb 1", "R. Dunnet, wages", "22", "3", "15", "0"),
    ("3", "Seed, as per bill", "17", "12", "8", "5"),
    ("8", "Doctor, for my wife", "18", "1", "1", "0"),
    ("11", "Sold butter & eggs, five weeks", "32", "4", "19", "7"),
    ("15", "Tithe to the Rector", "9", "6", "0", "0"),
    ("18", "Tiles for the long barn", "17", "7", "13", "2"),
    ("", "Carriage of same", "17", "", "18", "0"),
    ("22", "G. Mott, hedging, six days", "23", "", "15", "0"),
    ("25", "Sold straw, four loads", "32", "5", "4", "0"),
    ("28", "Lent my brother James", "40", "10", "0", "0"),
    ("Mar 1", "R. Dunnet, wages", "22", "3", "15", "0"),
    ("6", "New harness, and dressing old", "18", "4", "7", "6"),
    ("10", "Sold 22 sacks wheat", "33", "30", "16", "0"),
    ("14", "Paper, pens & this book", "18", "", "6", "3"),
    ("17", "Insurance upon ricks", "9", "2", "12", "0"),
    ("21", "Wm. Garrod, plough irons", "15", "1", "9", "4"),
    ("25", "Rent, Lady Day", "8", "45", "0", "0"),
    ("29", "To Balance carried over", "2", "40", "1", "4"),
]

REGISTER = {
    "title": "REGISTER OF LIGHTS",
    "line": "kept at Skerry Point, under Regulation 12",
    "columns": ["Date", "Wind and sea", "Lit", "Remarks"],
    "rows": [
        ("Nov 1", "NW 5, rough", "4.52", "Trimmed wicks twice"),
        ("2", "NW 6, high", "4.50", "Spray on lantern"),
        ("3", "W 4, moderate", "4.48", "Cleaned outer panes"),
        ("4", "W 2, slight", "4.47", "Supply boat, 40 gall. oil"),
        ("5", "calm", "4.45", "Fog 11.15 to 3.40, horn"),
        ("6", "SE 3, slight", "4.43", "Painted gallery rail"),
        ("7", "SE 6, rough", "4.41", "Nothing to remark"),
        ("8", "S 8, very high", "4.40", "One pane cracked"),
        ("9", "SW 7, high", "4.38", "Pane made good"),
        ("10", "W 5, rough", "4.36", "Brig ashore at Ness"),
        ("11", "W 4, moderate", "4.34", "Crew all saved"),
        ("12", "NW 3, slight", "4.33", "Clock lost 2 min."),
        ("13", "N 4, moderate", "4.31", "Clock set right"),
        ("14", "N 6, rough", "4.30", "Snow from 9"),
        ("15", "N 7, high", "4.28", "Snow, wiped panes hourly"),
        ("16", "NE 5, rough", "4.27", "Clear, ten sail seen"),
        ("17", "E 2, slight", "4.25", "Relief, Mr Laing in"),
        ("18", "calm", "4.24", "Fog 1.20 to 7, horn"),
        ("19", "S 3, slight", "4.23", "Nothing to remark"),
    ],
}

GAZETTE = {
    "title": "The Harbour Gazette",
    "line": "Printed every Saturday. No. 212. Price One Penny.",
    "body": (
        "ARRIVALS. The schooner Petrel, from the eastward, with timber, on Tuesday's tide, after eleven days of "
        "contrary winds. Her master reports a great quantity of drift ice to the north of the banks, and one vessel, "
        "name unknown, beset in it, but in no distress.\n"
        "The ketch Two Brothers, with slates and a mail, on Wednesday. The bags were landed before noon and the "
        "letters given out at the Custom House by three o'clock, to the satisfaction of all but one gentleman, who "
        "had expected a larger.\n"
        "SAILINGS. The brig Amity, for the south, waits on a fair wind, and will take passengers at the usual rates. "
        "Application to be made to the master on board, or at the sign of the Anchor, where the plan of the cabins "
        "can be seen.\n"
        "THE NEW LIGHT. The lantern for the tower upon the Ness was hoisted on Thursday without accident. It was "
        "watched from the pier by a considerable company, and by the children of the school, who had been given the "
        "forenoon for the purpose and made good use of it. The lamp itself is looked for by the next boat.\n"
        "PRICES. Wheat has gone up by two shillings and barley by one. Herring are plenty, and so cheap that they "
        "are hardly worth the carriage. Coals as before. Candles are dearer, and it is thought that they will be "
        "dearer still before the days draw out.\n"
        "LOST, between the church and the ferry, a silver watch, with a cracked glass and a blue ribbon. Whoever "
        "brings it to the printer of this paper will be thanked, and given five shillings, and asked no questions.\n"
        "THE WEATHER. The glass has stood high all the week, with light airs from the east and frost at night. The "
        "old men say it will hold until the change of the moon. The same old men said last year that there would be "
        "no winter at all, and we had seven weeks of snow.\n"
        "TO LET, a dry cellar near the quay, with a good door, fit for the storing of nets, rope, or cheese. Inquire "
        "of the widow Manson, who lives above it, and can speak for the door.\n"
        "LIBRARY. The members are reminded that books must not be lent on to friends, and that the second volume of "
        "the Voyages has now been absent since the autumn. The committee knows in whose house it lies, and would "
        "rather have it back than say so.\n"
        "FERRY. Until the new boat is ready the last crossing will be made at six, and on Sundays at four. There is "
        "no crossing in fog. Those who were left on the far side on Friday week are asked to accept the ferryman's "
        "regrets, together with their fares."
    ),
}

CARD = [
    "551.51",
    "T826     Tulloch, Margaret",
    "           Barometric tendencies at an exposed",
    "         station : thirty years of observations",
    "         at Skerry Point.  [Privately printed],",
    "         1949.",
    "           xii, 188 p.  illus., 4 fold. charts.",
    "         27 cm.",
    "",
    "           1. Weather   2. Islands   I. Title.",
]
CARD_NOTE = ["2nd copy in map room"]
