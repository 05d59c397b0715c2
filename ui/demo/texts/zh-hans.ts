/** What index.html does not hold itself: questions for the chat and passing notes. */
export const zhHans: Record<string, string> = {
  copied: '已复制',
  k1_ask: '我想了解变频空调和风 K1，装空调前要准备什么？',
  w10_ask: '我想了解滚筒洗衣机云柔 W10，安装收费吗？',
  r5_ask: '我想了解扫拖机器人小拂 R5，保修多久？',
  b520_ask: '我想了解对开门冰箱鲜存 B520，压缩机保几年？',
  f4_ask: '我想了解电饭煲谷香 F4，下单后几天能送到？',
  a2_ask: '我想了解空气净化器森息 A2，滤芯在保修范围内吗？',
  q1: '买了不喜欢，怎么退货？',
  q2: '今天下单，几天能到？',
  q3: '冰箱压缩机保几年？',
  q4: '怎么开增值税专用发票？',
}
