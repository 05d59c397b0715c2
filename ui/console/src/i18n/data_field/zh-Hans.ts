import type { Words } from '../words'
import type en from './en'

const data_field: Words<typeof en> = {
  name: '姓名',
  gender: '性别',
  birthday: '生日',
  occupation: '职业',
  address: '地址',
  phone: '电话',
  email: '邮箱',
  id_number: '证件号码',
  language: '语言',
  preferences: '偏好',
  needs: '需求',
  suggestions: '建议',
  industry: '行业',
  size: '企业规模',
  region: '地区',
  orders: '订单数',
  amount: '累计消费',
  tags: '标签',
  external_key: '客户编号',
  locale: '沟通语言',
  kind: '个人或企业',
  lawful_basis: '合法性基础',
  proof: '依据凭证',
}

export default data_field
