/** Every sentence of the widget; one object per language, so that a missing one does not compile. */
export interface Texts {
  /** As the language calls itself. */
  name: string
  title: string
  subtitle: string
  close: string
  language: string
  log: string
  greeting: (shop: string) => string
  greetingHint: string
  examples: readonly [string, string, string, string]
  placeholder: string
  message: string
  send: string
  attach: string
  typing: string
  automatic: string
  agent: string
  system: string
  source: string
  choices: string
  today: string
  yesterday: string
  newMessages: string
  marks: { waiting: string; acknowledged: string; delivered: string; read: string; failed: string }
  retry: string
  discard: string
  remove: string
  uploading: string
  picture: (name: string) => string
  file: (name: string, size: string) => string
  connecting: string
  offline: string
  reconnecting: string
  refused: string
  notice: string
  forget: string
  policy: string
  forgetTitle: string
  forgetText: string
  forgetYes: string
  cancel: string
  size: (used: number, limit: number) => string
  tooLong: (used: number, limit: number) => string
  fileTooLarge: (name: string, limit: string) => string
  fileRefused: (name: string) => string
  uploadFailed: (name: string) => string
  login: { begin: string; joined: string; asked: string; somebody_else: string; failed: string }
  faults: Record<string, string>
  fault: string
}
