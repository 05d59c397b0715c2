import vue from 'eslint-plugin-vue'
import { defineConfig, globalIgnores } from 'eslint/config'
import typescript from 'typescript-eslint'

// What a strict content security policy refuses at run time is refused here first, and so is every
// way to turn a text into markup.
const noMarkupFromText = ['innerHTML', 'outerHTML', 'cssText', 'srcdoc'].map((property) => ({
  selector: `AssignmentExpression > MemberExpression.left[property.name='${property}']`,
  message: `${property} turns text into markup or inline style: build elements, set properties.`,
}))

const noInlineStyle = [
  {
    selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']",
    message: 'A style attribute is refused by the policy: use style.setProperty.',
  },
  ...["[callee.property.name='insertAdjacentHTML']", "[callee.object.name='document'][callee.property.name=/^write/]"].map(
    (call) => ({ selector: `CallExpression${call}`, message: 'Text must never become markup: build elements.' }),
  ),
]

export default defineConfig(
  globalIgnores(['**/dist/**', 'node_modules/**']),
  typescript.configs.strict,
  typescript.configs.stylistic,
  vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
  },
  {
    files: ['**/*.ts', '**/*.vue'],
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...noMarkupFromText, ...noInlineStyle],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      // A handler may or may not be asynchronous: `Promise<unknown> | void` says just that.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // The compiler knows all variables; the rule does not know the DOM.
      'no-undef': 'off',
      // Static style="…" never takes effect under the policy; a bound style is set through the CSSOM.
      'vue/no-static-inline-styles': ['error', { allowBinding: true }],
      'vue/no-v-html': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
    },
  },
)
