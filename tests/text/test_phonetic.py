"""The phonetic key: spellings of one word meet, words that are often mistaken for each other do not."""

from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.text.phonetic import LONGEST_WORD, phonetic_key

# Each line is one word in spellings that people use, written for this test.
SAME = """
bahut bhut boht bahot bohot bohout bahout bht bhot bohat bahoot
acha accha achha achcha acchha achaa achchha
achi acchi achhi achchi achee
ache acche achhe achche achhey
nahi nhi nahin nahee nai nahii nahiin ni
kyu kyun kyo kyoon kyon kyuu
zabardast jabardast jabrdast jabardst zabrdast zabardst
pyar pyaar piyar piyaar pyr
pyara pyaara piyara
pyari pyaari piyari pyaree
mohabbat muhabbat mohobbat mohabat muhabat mohbbat
khubsurat khoobsurat khubsoorat khoobsoorat khubsurt
gussa gusa gusaa
bura boora buraa
buri buree boori
bure burey
raha rha rahaa
rahi rhi rahee
rahe rhe rahey
rahega rhega
rahenge rhenge
rehna rahna rhna
rehta rahta rhta
zindagi jindagi zindgi jindgi zindagee zindagii
kehna kahna khna
kehta kahta khta
kehte kahte khte
pehle pahle phle pehley
pehla pahla phla
phir fir phirr firr
dunia duniya duniyaa dunya
chahiye chahie chahye
chahta chahtaa
hua huwa huaa huva
gaya gya gayaa
gayi gai gyi gayee
gaye gye gae
aaya aya ayaa
aayi ayi aayee
sunder sundar sundr
kharab khrab khraab kharaab khrb
galat glt galt galatt
ghatiya ghatia ghtiya
bekar bekaar bekarr
bakwas bakwaas bkwas bakvas
mazza maza mazaa maja mazzaa
mazedar majedar mazedaar mzedar
mast mst masst
shandar shaandar shandaar sandar
zaroor zarur jaroor jarur zaruur
zaruri zaroori jaruri jaroori
zyada jyada jyaada zyaada jyadaa
thoda thodaa
tumhara tumhra tumharaa
tumhari tumhri tumharee
hamara hmara hamaara
hamari hmari hamaari
mujhe mujhey
tujhe tujhey
isliye isliey islie
kaise kese kaese kaisey
kaisa kesa kaesa
jaise jese jaisey
jaisa jesa
waise vaise wese vese
aisa esa aesa
aise ese aisey
paisa pesa paisaa
paise pese paisey
kaun kon kaunn
aur or aor
hai hain
hoon hun hu hoo
haan han haa
yeh ye
woh wo vo voh
toh to
yahan yaha yhan yha yahaan
wahan waha whan vaha vahaan
kahan kaha kahaan
jahan jaha jahaan
yahi yahee yhi
wahi vahi whi
kahin kahi kahiin
kabhi kbhi kabhee
abhi abhee abbhi
sabhi sbhi sabhee
tabhi tbhi
sirf sirff sirph
dil dill
dost dosst
dosti dostee
logon logo
baaton bato baato
karna krna karnaa
karta krta kartaa
karte krte kartey
karti krti kartee
karo kro
kar kr karr kaar
karke krke
karega krega
karein kare krein karen karey
kiya kia kiyaa
diya dia diyaa
liya lia liyaa
liye lie liyey
samajh smajh samjh smjh
samajhna smjhna samjhna
matlab mtlab mtlb matlb
pata pta pataa ptaa
baat bat baatt
baad bad
saath sath sth
haath hath
yaad yad
yaar yar yaarr yr
pyaas pyas
khush khus khushh
khushi khusi khushee khooshi
dukh dukhh
dukhi dukhee
dard drd darrd
nafrat nfrat nafrt
izzat ijjat izzt ijzat
ishq ishk isq
zindabad jindabad zindabaad
murdabad murdabaad
sarkar srkar sarkaar
desh des deshh
bharat bhrat bhaarat
hindustan hindustaan hindoostan
mehnat mahnat mehnt
mehengai mehngai mahangai
shukriya shukria sukriya shukriyaa
dhanyawad dhanyavad dhanyawaad dhanywad
badhai badhaai bdhai
mubarak mubark mubaarak
shadi shaadi sadi shadee
ladka ladkaa ldka
ladki ladkee ldki
bachcha baccha bacha bachha
bachche bacche bache bachhe
bhagwan bhagvan bhagwaan
insaan insan insaann
aadmi admi adami
aurat orat aurt
duniyadari duniadari
chutiya chutia chootiya
kamina kameena kaminaa
kamine kameene
harami haraami hrami
kutta kuta kuttaa
kutte kute kuttey
gadha gdha gadhaa
pagal pagl paagal pgl
bewakoof bewakuf bevakoof bewkoof
besharam beshrm besharm
jhooth jhuth
sachcha saccha sacha
sach sch sachh
imandar imaandar imandaar
tareef tarif taareef
lajawab lajawaab lajavab ljawab
kamaal kamal kmal
behtareen behtarin bahtareen behtrin
badhiya badhia bdhiya
ganda gandaa gnda
gandi gandee gndi
sasta sastaa
mehnga mahnga mehngaa
asli aslee
nakli naklee nkli
jaldi jldi jaldee
dheere dhire dheerey
hamesha hmesha hameshaa
shuru shuroo suru
khatam khatm khtm
zameen jamin zamin jameen
aasman asman aasmaan
raat rat raatt
kitna kitnaa
kitne kitney
itna itnaa
bada bda badaa
badi bdi badee
chhota chota
theek thik theekk
sahi sahee
waah wah vah vaah
wala vala waala walaa
wali vali waali
wale vale waale waley
""".strip().split("\n")

# Words of which the first must not share a key with any that follow it on its line.
DIFFERENT = """
bura bara bada bhara bhada bhura
mera meri mere mara mira mora
kam kum kem kom
sala sal sali sale
dil dal dul dol
accha acchi acche
pyar pair por
khush khas khis
nahi naha naho
maza mazi muje moja
jo jao
koi ko
bihar bahar
dost dast dust
roti rota rati
khana khani khane
jeet jot
dukh dekh dikh
sach soch
haar hera hoor
gussa gassa gosa
buri bari
tera teri tere tara
chor char chir
log lag lig
mast must most
dosti dasta
desh dosh
ghar gher ghor
kharab kharaba kharabi
""".strip().split("\n")


def _words(line: str) -> list[str]:
    return [word for word in line.split() if word.isalpha()]


def test_there_are_enough_groups_to_mean_something() -> None:
    assert len(SAME) >= 150


@pytest.mark.parametrize("line", SAME, ids=[line.split()[0] for line in SAME])
def test_spellings_of_one_word_share_a_key(line: str) -> None:
    assert len({phonetic_key(word) for word in _words(line)}) == 1, {
        word: phonetic_key(word) for word in _words(line)
    }


@pytest.mark.parametrize("line", DIFFERENT, ids=[line.split()[0] for line in DIFFERENT])
def test_other_words_have_other_keys(line: str) -> None:
    first, *others = _words(line)
    assert phonetic_key(first) not in {phonetic_key(word) for word in others}


def test_few_groups_meet_by_accident() -> None:
    heads = defaultdict(list)
    for line in SAME:
        heads[phonetic_key(line.split()[0])].append(line.split()[0])
    met = [pair for words in heads.values() for pair in combinations(words, 2)]
    assert len(met) <= 4, met


@pytest.mark.parametrize(
    "word", ["", "नहीं", "don't", "gr8", "Bahut", "a" * (LONGEST_WORD + 1), "naïve"]
)
def test_words_of_other_letters_have_no_key(word: str) -> None:
    assert phonetic_key(word) == ""


@given(st.text(st.sampled_from("aeiouyhcsfzwqxbnmrl"), min_size=1, max_size=LONGEST_WORD))
def test_a_key_is_bounded_and_says_nothing_twice(word: str) -> None:
    key = phonetic_key(word)
    assert len(key) <= 2 * len(word) + 1
    assert key == "" or (key.isascii() and key.isalpha() and key.islower())


@given(st.text(st.sampled_from("bdgjklmnprt"), min_size=1, max_size=12))
def test_doubling_a_consonant_changes_nothing(word: str) -> None:
    assert phonetic_key(word) == phonetic_key("".join(c * 2 for c in word))
