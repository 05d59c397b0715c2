export default {
  title: 'Flows',
  lead: 'What the assistant does with a customer, step by step. Flows are files; a changed file is in force within seconds.',
  name: 'Flow',
  steps: 'Steps',
  file: 'File',
  offered: 'Customers may ask for it',
  own: 'Yours',
  version: 'Version {version}',
  faults: 'The files have faults; what was in force before goes on:',
  graph: 'Steps of the flow {name}',
  mermaid: 'Copy as Mermaid flowchart',
  empty: 'No flows',
}
