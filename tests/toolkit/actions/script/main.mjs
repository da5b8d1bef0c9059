import { core, run } from './clients.mjs'

run('script').then((result) => {
  if (result !== undefined) core.setOutput('result', JSON.stringify(result))
})
