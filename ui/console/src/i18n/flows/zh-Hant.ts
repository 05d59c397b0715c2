export default {
  title: '流程',
  lead: '機器人一步一步為顧客做的事。流程寫在檔案裡，更動幾秒內生效。',
  name: '流程',
  steps: '步驟',
  file: '檔案',
  offered: '顧客可以直接要求',
  own: '自有',
  version: '版本 {version}',
  faults: '流程檔案有錯誤，繼續使用之前的流程：',
  graph: '流程「{name}」的步驟',
  mermaid: '複製為 Mermaid 流程圖',
  empty: '沒有流程',
}
