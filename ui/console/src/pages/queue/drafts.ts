/** What was typed and not sent, by conversation; for as long as the console is open. */
export const drafts = new Map<string, string>()
