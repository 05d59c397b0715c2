/** What is known of a customer, field by field: profile, figures, and what only an import's file has. */
const data_field = {
  name: 'Name',
  gender: 'Gender',
  birthday: 'Birthday',
  occupation: 'Occupation',
  address: 'Address',
  phone: 'Phone',
  email: 'E-mail',
  id_number: 'ID number',
  language: 'Language',
  preferences: 'Preferences',
  needs: 'Needs',
  suggestions: 'Suggestions',
  industry: 'Industry',
  size: 'Company size',
  region: 'Region',
  orders: 'Number of orders',
  amount: 'Spent in all',
  tags: 'Tags',
  external_key: 'Customer number',
  locale: 'Language to write in',
  kind: 'Person or organisation',
  lawful_basis: 'Lawful basis',
  proof: 'Proof of the basis',
}

export default data_field
