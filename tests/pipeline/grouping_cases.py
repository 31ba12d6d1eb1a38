"""Written posts for grouping: matters of a county as several writers tell them.

(matter, minutes from the start, category, text). Posts of one matter belong together, all others
apart.
"""

from __future__ import annotations

from domain.assessments import Category

_S, _A, _L = Category.SUPPLY_QUALITY, Category.APPLIANCE_DAMAGE, Category.LINE_SAFETY
_B, _M, _T = Category.BILLING_SERVICE, Category.METER_RENOVATION, Category.TEMPORARY_SUPPLY

POSTS: tuple[tuple[str, int, Category, str], ...] = (
    ("maoli", 0, _S, "小召街道毛里村从今天早上七点停电到现在，供电所电话没人接"),
    ("maoli", 25, _S, "又停电了！小召毛里的有人知道啥时候来吗"),
    ("maoli", 90, _S, "我们毛里村停电三个多小时了，冰箱里的肉都化了，小召乡没人管吗"),
    ("maoli", 120, _A, "小召毛里村停电又来电，电压忽高忽低，电视机烧了"),
    ("duanqiao", 30, _S, "小召街道段桥村电压太低，空调都启动不了"),
    ("duanqiao", 400, _S, "段桥这个台区晚上只有一百七十伏，小召供电所说要排计划"),
    ("laodian", 10, _L, "五女店镇老店村口电线杆歪得快倒了，孩子上学天天从下面过"),
    ("laodian", 3000, _L, "老店村口那根歪电线杆还没人来扶，五女店镇的领导看看吧"),
    ("zhoudian", 40, _L, "五女店镇周店村的高压线离我家房顶不到两米"),
    ("north_sea", 60, _S, "北海龙城小区停电，电梯里困了人"),
    ("north_sea", 75, _S, "北海龙城整个小区黑了，物业说是变压器跳闸"),
    ("north_sea", 95, _S, "在北海龙城加班的我被停电困在二十楼，什么时候来电啊"),
    ("beach", 70, _S, "北海之滨也停电了吗？我们这栋没有电"),
    ("bills", 5, _B, "许由街道翡翠社区物业收电费一块二一度，这合理吗"),
    ("bills", 700, _B, "翡翠社区的业主都来看看，许由街道这边物业电费加价"),
    ("hall", 300, _B, "尚集镇供电所营业厅的人态度太差，办个过户跑了三趟"),
    ("temp", 20, _T, "蒋李集镇寇庄村盖房申请临时用电，交了押金半个月没人来装"),
    ("temp", 900, _T, "寇庄村盖房子等电等了半个月，蒋李集供电所到底装不装"),
    ("well", 50, _T, "蒋李集镇赵河村抗旱浇地，机井接不上电，麦苗旱死了"),
    ("meter", 15, _M, "灵井镇霍庄村几家共用一块电表，申请一户一表没人理"),
    ("meter", 2000, _M, "霍庄村合表问题啥时候解决，灵井镇供电所让等农网改造"),
    ("storm", 200, _S, "椹涧乡刮大风，好几个村都停电了"),
    ("storm", 220, _S, "椹涧这边大风刮断了线，停电到现在"),
    ("yuzhou", 35, _S, "禹州市神垕镇停电一上午了"),
    ("yuzhou", 66, _S, "神垕停电，禹州的供电公司没人管"),
    ("estate", 80, _M, "水岸华庭小区交房两年还是临时电，天天跳闸"),
    ("estate", 1500, _M, "水岸华庭小区什么时候能通正式电，业主等了两年"),
    ("estate2", 100, _M, "江山名苑小区交房两年还是临时电，没有正式电"),
)
