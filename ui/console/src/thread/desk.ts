/** What goes along with a deed at the desk: the fence that the person saw, and whether the customer is theirs. */
export interface Desk {
  fence: number
  mine: boolean
}
