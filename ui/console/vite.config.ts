import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const BASE = '/console/'

/**
 * Puts `src/theme.js` into the head as a blocking script of its own. Vite would make it a module, which runs after
 * the first paint, and the policy allows no script inside the page.
 */
function themeBeforePaint(): Plugin {
  const source = readFileSync(resolve(import.meta.dirname, 'src/theme.js'), 'utf-8')
  const fileName = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`
  return {
    name: 'theme-before-paint',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml: () => [{ tag: 'script', attrs: { src: BASE + fileName }, injectTo: 'head' }],
  }
}

export default defineConfig({
  root: import.meta.dirname,
  base: BASE,
  plugins: [vue(), themeBeforePaint()],
  build: {
    outDir: resolve(import.meta.dirname, '../../bot/web/static/console'),
    emptyOutDir: true,
    target: 'es2022',
    // Under the console's policy a data: address would be refused, so everything is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Two files that change rarely in place of fifty small ones.
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules\/(@vue|vue|vue-router)\// },
            { name: 'parts', test: /node_modules\/(?!.*locale\/lang)|src\/(components|lists|thread)\/.*(?<!\.css)$/ },
          ],
        },
      },
    },
  },
})
