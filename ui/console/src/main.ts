import { createApp } from 'vue'
import App from './App.vue'
import { preferred, speak } from './i18n'
import { router } from './shell/router'
import { resume } from './shell/session'
import './styles/element'
import './styles/tokens.css'
import './styles/element.css'
import './styles/base.css'

await speak(preferred())
await resume()
createApp(App).use(router).mount('#app')
