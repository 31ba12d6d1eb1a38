"""What a label before it makes personal: account and meter numbers, chat names, people's names."""

from __future__ import annotations

import re

from domain.masking.covering import GAP, NO_UNIT, Span, opens_with_date, rule, rules

# Numbers that everybody may call; and mobile ones, which are covered by their shape.
_LEFT = re.compile(
    r"(?:0\d{2,3}-?)?(?:95598|95\d{3}|12345|12398|12315|12319|12328|1[01]\d{3}|1[12][0249])"
    r"|[48]00\d{7}|1[3-9]\d{9}"
)
_LINK = r"(?:号码?|码|账号|帐号|id|就?是|为|叫|[:=+\->/\s(【\[{<「“\"'，,])"
# 户号（10位）, 户号我查了是, 表号末尾: what people put between a label and its number.
_SAID = r"(?:\(\d{0,2}[\u4e00-\u9fff]{1,5}\)|末尾|尾号|后面|我?查了|显示|写着?|如下|应该)"
_UNIT = re.compile(NO_UNIT, re.IGNORECASE)

_ACCOUNTS = (
    r"(?:户\s?号|户名号|用户号|(?:用户|用电|客户|缴费|户)(?:编[号码]|代码)|客户号|缴费号|用电客户号|"
    r"(?:电能?表|表计|表箱|计量箱|表)\s?(?:(?:资产|出厂|局)?编?号|条形?码)|局编号|资产编?号|"
    r"银行卡号?|卡\s?号|账\s?[号户]|帐\s?[号户]|身份证号?码?|证件号码?|护照号?|通行证号?|社保号|医保号|驾驶证号?|"
    r"工作证号?|房产证号?|不动产证号?|车牌号?)"
)
_CHATS = (
    r"(?:(?<![a-z\d])(?:q\s?q|wei\s?xin|we\s?chat|v\s?[-/.]?\s?x|w\s?x|[qv](?=号?\s?:)|q(?=\s?\d{6,11}(?!\d)))|[加+]\s?我?[vq](?![a-z])|v信|"
    r"扣扣|企鹅号?|[微薇](?=\s?:)|[微薇威徽徵]\s?[信❤♥]|微芯|加我?[微薇徽威](?!信)|抖音|快手|小红书|陌陌|支付宝|钉钉|telegram)"
)
_PHONES = (
    r"(?:电\s?话|手\s?机|联系方式|联系号码|致电|回电|座机|固话|热线|拨打|联系我|打我|找我|[☎☏📞📱]|"
    r"(?<![a-z])(?:tel|phone|mobile)\.?)"
)

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康"
    "施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗"
    "谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫"
    "费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_COMPOUND = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|端木|百里|南宫|夏侯|轩辕|宇文|长孙"
)
# Not as surnames where no colon says that a name follows; and words that begin like one.
_NO_SURNAME = "和向于时常全应易成明时解连路单党方安家万华关房曾管农车查左严司施包冷焦费师"
_WORD = re.compile(
    "何[时必况人]|任[何职务]|高[血中三考压]|黄[金河]|金[额融]|马[上路]|江[苏西河]|白[天海]|周[边围末岁]|陆续|徐州|"
    "许[昌多]|郑州|石[家油]|段时|雷[电雨]|龙湖|温[度暖柔]|康复|余[额款]|孙[子女]|毛[病坯]|夏[天季]|谢谢|田地|林地|"
    "武[汉警]|申[请诉]|苏州|胡[乱同]|钱款|钟头|简单|麦子|项目|祝愿|曲折|游客|童年|齐全|宁愿|尚未|顾客|商[户铺家品]|"
    "景区|古城|阳[光台]|盛世|季节|章程|水电|甘肃|蓝天|彭州|张[贴罗]|王府|程[序度]|安装|严重|左侧|农[民村户]|司机|"
    "施工|包工|党员|房东|全[家村部]|管理|解决"
)
# What stands behind a given name rather than in it.
_BEHIND = (
    "的家在电停反说住被向来因现为是系与及到从去有无没用户号手联地已要请望不也先女身共"
    "这那上下、。，,.;；:：!！?？()（）[]【】\"'“”《》/|-*\n\t "
    "和报来打投等今昨前近于就又都还才所给把对将称"
)
_TITLES = "某|先生|女士|小姐|师傅|同志|老师|经理|主任|所长|书记|大爷|大妈|阿姨|叔叔|电工|队长"
_PLACE_ENDS = "省市县区镇乡村庄屯寨街路巷组局所厂店院校州"


# 微信 liwei is a name, 微信 iphone and 微信 https:// are none.
_NO_NAME = re.compile(
    r"(?:we ?chat|weixin|i?phone|android|windows|alipay|music|video|https?|error|login)(?![a-z])"
    r"|www",
    re.IGNORECASE,
)


def _account(match: re.Match[str]) -> list[Span]:
    value = match["value"]
    if not any(c.isdigit() for c in value) or _is_left(value) or _is_moment(value):
        return []
    if len(value) < 8 and not _UNIT.match(match.string, match.end()):
        return []
    return [match.span("value")]


def _chat(match: re.Match[str]) -> list[Span]:
    value, link = match["value"], match["link"]
    told = any(c in link for c in ":号是为叫+(") or (
        link.isspace()
        and value.isalpha()
        and not _NO_NAME.match(match.string, match.start("value"))
    )
    if _is_left(value) or _is_moment(value) or not (told or any(c in "0123456789_" for c in value)):
        return []
    if value.isdigit() and len(value) < 8 and not _UNIT.match(match.string, match.end()):
        return []
    return [match.span("value")]


def _phone(match: re.Match[str]) -> list[Span]:
    """Behind 电话 it is a telephone whatever follows; behind 回电 it may count homes."""
    value = match["value"]
    if _is_left(value) or _is_moment(value):
        return []
    if match[0].startswith("回电") and not _UNIT.match(match.string, match.end()):
        return []
    return [match.span("value")]


def _is_left(value: str) -> bool:
    return bool(_LEFT.fullmatch(value))


def _is_moment(value: str) -> bool:
    digits = re.sub(r"[^\da-z]", "", value, flags=re.IGNORECASE)
    return len(digits) in (8, 11, 12, 14) and digits.isdigit() and opens_with_date(digits)


def _person(match: re.Match[str]) -> list[Span]:
    """A surname and one or two characters, if nothing shows that they are no name."""
    start, given = match.start("name"), match.start("given")
    text, plainly = match.string, match["colon"] in (":", "=", "叫", ",")
    if _WORD.match(text, start) or (not plainly and text[start:given] in _NO_SURNAME):
        return []
    length = 0
    for character in text[given : given + 2]:
        if not "\u4e00" <= character <= "\u9fff" or (character in _BEHIND and length):
            break
        length += 1
    end = given + length
    rest = text[end : end + 1]
    name = text[given:end]
    if not length or name[0] in _BEHIND or re.match(_TITLES, text[given:]):
        return []
    if (rest and rest in _PLACE_ENDS) or name[-1] in _PLACE_ENDS:
        return []
    if not plainly and rest and rest not in _BEHIND:
        return []
    return [(given, end)]


VALUES = rules(
    r"[a-z\d](?:[\s._\-·\x01]{0,2}[a-z\d]){3}",
    rule(
        rf"{_ACCOUNTS}(?:{_LINK}|{_SAID}){{0,8}}(?P<value>\d{{2,8}}(?:{GAP}{{1,2}}\d{{2,10}}(?![\d.a-z]){NO_UNIT}){{1,6}}"
        rf"|[a-z\d_]{{4,40}}(?![a-z\d]))",
        _account,
    ),
    rule(r"编号(?:[:是为\s]{0,2})(?<![\d.*])(\d{8,22})(?=\s?的?(?:电表|电能表|表计|用户|户))"),
    rule(r"(?<![\d.*])(\d{8,13})\s?\(?(?=(?:户号|用户号|客户编号|表号|电表号))"),
    rule(
        rf"{_CHATS}(?P<link>(?:群|联系|我|同号|{_LINK}){{0,8}})(?P<value>[a-z\d][a-z\d_.\-]{{4,29}})(?![a-z\d])",
        _chat,
    ),
    rule(
        rf"{_PHONES}{_LINK}{{0,6}}(?P<value>\d{{7,13}}(?!\d)|[2-9]\d{{2,3}}[\-\s]\d{{4}}(?![\d\-]))",
        _phone,
    ),
)
NAMES = rules(
    r"人|名|主|我[叫是]|用户|客户|[伤死]者",
    rule(
        r"(?:联系人|联络人|姓\s?名|户名|报装人|户主|机主|投诉人|反映人|反应人|诉求人|来电人|申请人|当事人|受害人|伤者|"
        r"死者|收件人|经办人|报修人|举报人|名字(?=\s?[:是叫为])|本人|我叫|我是|(?:业主|用户|客户)(?=\s?:)|(?:业主|用户|客户)(?:名称?|姓名))"
        r"(?:姓名|名字)?\s?(?P<colon>[:=]|就?是|叫|为|,(?=\S{2,4}(?:[,，。;；\s]|$)))?\s{0,2}[(【\[「“\"']?"
        rf"(?P<name>(?:{_COMPOUND}|[{_SURNAMES}])(?P<given>[\u4e00-\u9fff]))",
        _person,
    ),
)
