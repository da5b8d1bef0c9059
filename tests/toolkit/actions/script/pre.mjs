import { run } from './scripts.mjs'

run('pre')
