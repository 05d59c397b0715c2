/** Sentences by their place, as a language's file holds them. */
export type Tree = { [key: string]: string | Tree }

/** Another language's file: the same places as `T`, other sentences. */
export type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> }
