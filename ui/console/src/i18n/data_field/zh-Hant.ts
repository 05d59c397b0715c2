import type { Words } from '../words'
import type en from './en'

const data_field: Words<typeof en> = {
  name: '姓名',
  gender: '性別',
  birthday: '生日',
  occupation: '職業',
  address: '地址',
  phone: '電話',
  email: '電子郵件',
  id_number: '證件號碼',
  language: '語言',
  preferences: '偏好',
  needs: '需求',
  suggestions: '建議',
  industry: '行業',
  size: '企業規模',
  region: '地區',
  orders: '訂單數',
  amount: '累計消費',
  tags: '標籤',
  external_key: '客戶編號',
  locale: '溝通語言',
  kind: '個人或企業',
  lawful_basis: '合法性基礎',
  proof: '依據憑證',
}

export default data_field
