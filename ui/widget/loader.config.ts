import { defineConfig } from 'vite'

const here = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname)

/** One classic script under a name that never changes: shops paste its address into their pages. */
export default defineConfig({
  root: here('.'),
  build: {
    outDir: here('../../bot/web/static/widget'),
    emptyOutDir: false,
    lib: { entry: here('loader/main.ts'), formats: ['iife'], name: 'YingdaLoader', fileName: () => 'loader.js' },
  },
})
