export default {
  title: '流程',
  lead: '机器人一步一步为顾客做的事。流程写在文件里，改动几秒内生效。',
  name: '流程',
  steps: '步骤',
  file: '文件',
  offered: '顾客可以直接要求',
  own: '自有',
  version: '版本 {version}',
  faults: '流程文件有错误，继续使用之前的流程：',
  graph: '流程“{name}”的步骤',
  mermaid: '复制为 Mermaid 流程图',
  empty: '没有流程',
}
