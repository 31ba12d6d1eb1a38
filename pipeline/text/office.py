"""How an office writes: an answer to a citizen, or the note that closes an order.

Such a text repeats the citizen's hard words (屡次断电一事属实) and is no complaint. What tells it
is who speaks: it addresses the citizen or reports what was found, and says what was done; a citizen
who quotes an answer speaks of himself, asks, or says what is still wrong.
"""

from __future__ import annotations

import re

_HEAD = 90  # characters in which a text shows who speaks
_READ = 2000  # and as many are read for what speaks against it
_TITLE = re.compile(
    r"^[【\[(]?(?:[^,。!?]{0,30}(?:的|事项|信访|工单|诉求|问题|件))?"
    r"(?:答复|回复|复函|回函|回访|办结|结案|处理结果|办理结果|办理情况|处理情况|调查情况|办理意见|处理意见|答复意见)"
    r"(?:函|单|书|意见|情况|内容|记录)?[】\])]?$"
)
_ASKS_IN_TITLE = re.compile(r"[不无未没求请要何吗盼催]|一直|尽快|虚假|敷衍|迟迟|对")
_DOUBTS_ANSWER = re.compile(r"质疑|不满|不属实|再次?反映|[请求!?吗]")
_QUOTED = re.compile(r"[“「『\"'《][^”」』\"'》]{1,200}[”」』\"'》]")
# Opens an answer and nothing else.
_TO_A_WRITER = re.compile(
    r"^(?:尊敬的|致)?[“\"']?[^,。:!?]{0,20}网(?:友|民)[^,。:!?]{0,20}[,:]?[您你]好|^网(?:友|民)[^,。:!?]{0,20}[:,]"
    r"|[您你]的(?:留言|来信|信件|信访|诉求|帖子|投诉)(?:已)?(?:收悉|收到|转)|现将?[^。!?]{0,30}(?:回复|答复|函复)如下"
    r"|^[“\"][^”\"]{1,30}[”\"](?:网友)?[:,]?[您你]好"
)
# Opens one mostly.
_ANSWERS = re.compile(
    r"收悉|(?:回复|答复|汇报|说明|反馈|函复|回应|报告)如下|现(?:将|就|对)?[^。!?]{0,40}(?:回复|答复|函复|反馈)"
    r"|(?<![向想给跟])[您你](?:们)?所?(?:反映|反应|提出|提到|咨询|投诉|诉求|陈述|述|说|问|提)的?[^。!?]{0,60}"
    r"(?:问题|情况|事项|一事|诉求|内容|事宜|属实|意见|建议)"
    r"|[您你]的(?:留言|来信|信件|信访|诉求|来电|投诉|问题|建议|咨询)|感谢[您你](?:对|的|关注)"
)
# Opens the report of somebody who went to look.
_FOUND = re.compile(
    r"[经已][^,。]{0,16}(?:核实|核查|调查|勘查|勘察|查看|走访|了解|查明|查询|排查|查实|询问|沟通|协调|联系|转办|派员"
    r"|派人|现场|实地|查)"
)
_FOUND_WITHIN = 40  # an office begins with it
_SIGNED = re.compile(
    r"[^,。!?]{2,24}(?:供电公司|供电局|供电所|管理局|人民政府|办事处)"
)  # nothing but a name
_GREETS = re.compile(r"^(?:尊敬的)?[^,。:!?]{0,12}[您你]好")
_VOICE = re.compile(
    r"我(?:局|司|公司|所|镇|乡|街道|中心|委|办|院|处|单位|县供电|区供电|市供电)|所(?:反映|诉|提|述|咨询)"
    r"|(?:来件|来信|留言|诉求|工单)(?:已)?(?:收悉|收到|转|办)"
)
_DONE = re.compile(
    r"已(?:经)?(?:更换|处理|修复|压接|整改|恢复|列入|安排|责成|派|联系|协调|告知|装|完成|拆除|加固|迁移|修剪|上报|报|与|于|组织"
    r"|督促|转|办|解决|消缺|消除|送电|退|补|到位|换|接|通知|移交|制定|纳入|增容|拟定|处罚|被处罚)"
    r"|(?:拟|计划|预计|将)(?:于|在|对|新增|列入|更换|抬高|安排|进行|尽快|加强|继续|按|根据)|列入[^。]{0,16}(?:计划|项目|储备)"
    r"|(?:客户|反映人|来电人|市民|诉求人|信访人|投诉人|用户|对方|村民)(?:表示|对[^,。]{0,8})?(?:无异议|认可|满意|理解|知晓|同意)"
    r"|无异议|深表歉意|致歉|如有(?:疑问|问题)|特此(?:回复|答复|函复)|敬请(?:谅解|理解)|(?:抢修|处理|整改|施工)(?:已)?(?:完毕|结束|完成)"
    r"|现(?:已|供电|电压|恢复)[^,。]{0,6}(?:平稳|正常|稳定|恢复|解决|完成|更换)|属实|不属实|建议您|请您(?:放心|谅解|理解)|办结|回访"
)
# Somebody who speaks for himself.
_OWN = re.compile(
    r"我(?:家|是|叫|在|住|想|们(?:小区|村|楼|家|这|住|是|组|社区|镇|县|一|就|都|也|多次|居民|业主|村民))|本人|俺|咱"
    r"|领导[,:!您你们好]|书记|市长|县长|区长|局长[,:!您]|恳请|恳求|跪求|求助|求求"
)
_STILL_WRONG = re.compile(
    r"(?:但|可|却|然而)是?[^。!?]{0,30}(?:至今|仍|还是|没有|没|未|依旧|依然|又)|不满意|敷衍|贵(?:局|司|单位|公司|部门|所)|凭什么|凭啥"
    r"|难道|究竟|为何|为什么|[您你]们(?:的)?(?:回复|答复)|客户(?:称|要求|反映|来电|表示不|投诉|不认可|问)|来电人(?:称|反映|要求|投诉)"
    r"|(?:市民|来信人|诉求人|听众|反映人)(?:称|来电|要求|投诉|问)"
)


def is_answer(title: str, text: str) -> bool:
    """Whether a text is an office's: an answer, or the note of a closed order.

    `title` and `text` squeezed.
    """
    head = text[:_HEAD]
    if not title and _SIGNED.fullmatch(text):
        return True
    if _TO_A_WRITER.search(head):
        return not _DOUBTS_ANSWER.search(title)  # a citizen pastes the answer and asks again
    titled = title and _TITLE.search(title[-40:]) and not _ASKS_IN_TITLE.search(title)
    answers, found = _ANSWERS.search(head), _FOUND.search(head, 0, _FOUND_WITHIN)
    if not (titled or answers or found or _GREETS.search(head)):
        return False
    body = _QUOTED.sub("", text[:_READ])
    if _OWN.search(body[:_HEAD]) or _STILL_WRONG.search(body):
        return False
    if titled or answers:
        return True
    done = len(_DONE.findall(body)) + len(_VOICE.findall(body))
    return done >= (1 if found else 2)
