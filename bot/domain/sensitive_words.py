"""Words about health, and words that say that a child is speaking, in three languages (PR10).

Chosen for what a customer of a shop might tell of a person's body; words that also name goods or faults of machines
(「高压锅」, "shock", "dry") are left out or only taken in the company of a person.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HEALTH_CHINESE = _words("""
    艾滋 愛滋 乙肝 丙肝 肝炎 肝硬化 梅毒 淋病 性病 癌症 癌 肿瘤 腫瘤 白血病 化疗 化療 放疗 放療 糖尿病 高血压
    高血壓 低血糖 血糖 血压 血壓 冠心病 心脏病 心臟病 心梗 心肌梗 脑梗 腦梗 脑卒中 腦中風 中风 中風 偏瘫 偏癱
    瘫痪 癱瘓 癫痫 癲癇 哮喘 气喘病 氣喘病 肺炎 肺结核 肺結核 尿毒症 透析 肾炎 腎炎 肾衰 腎衰 抑郁 抑鬱 焦虑症
    焦慮症 躁郁 躁鬱 精神分裂 自闭症 自閉症 精神病 失眠症 老年痴呆 失智 阿尔茨海默 阿茲海默 帕金森 怀孕 懷孕
    孕妇 孕婦 流产 流產 堕胎 墮胎 不孕 人工授精 试管婴儿 試管嬰兒 手术 手術 住院 病历 病歷 确诊 確診 处方 處方
    残疾 殘疾 伤残 傷殘 过敏史 過敏史 病史 传染病 傳染病 新冠 阳性 陽性 核酸 吃药 吃藥 服药 服藥 烫伤 燙傷 烧伤
    燒傷 骨折 晕倒 暈倒 食物中毒 诊断书 診斷書
""")

HEALTH_LATIN = _words("""
    hiv aids hepatitis syphilis cancer tumour tumor leukaemia leukemia chemotherapy radiotherapy diabetes
    diabetic hypertension stroke epilepsy epileptic asthma asthmatic pneumonia tuberculosis dialysis depression
    schizophrenia bipolar autism autistic dementia alzheimer's alzheimer parkinson's parkinson pregnant
    pregnancy miscarriage abortion ivf surgery hospitalised hospitalized diagnosed prescription disability
    disabled covid paralysed paralyzed insulin antidepressant antidepressants chemo wheelchair pacemaker
""")

HEALTH_PHRASES = (
    r"heart (?:attack|disease|condition)",
    r"kidney (?:failure|disease)",
    r"blood (?:pressure|sugar)",
    r"mental (?:illness|health)",
    r"medical (?:history|record|records|condition)",
    r"food poisoning",
    r"(?:i|he|she|my \w+) (?:was|got|is) (?:burnt|burned|scalded|electrocuted|injured)",
)

CHILD_CHINESE = "我(?:还|還)?(?:是|在(?:读|讀|上|念)?)(?:小学|小學|幼儿园|幼兒園|初中|初一|初二)生?"
CHILD_LATIN = r"i(?:'m| am) (?:a (?:child|kid|minor)|in (?:primary|elementary|middle) school)"
