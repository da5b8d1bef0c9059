import { run } from './clients.mjs'

run('pre')
