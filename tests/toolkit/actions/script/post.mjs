import { run } from './clients.mjs'

run('post')
