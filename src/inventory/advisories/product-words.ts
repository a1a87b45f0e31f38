// Product words: which words of a product's name tell nothing by themselves, and names that need a reader's hand. Data; products.ts reads it.
// Keeps the rule that a wrong match costs more than a missing one: what cannot be told apart by its name is left to a person.

/** Kinds of goods and filling: `Infusion Pump` is in a hundred names. A name made of these alone says nothing. */
export const GENERIC_WORDS: ReadonlySet<string> = new Set([
  'a', 'all', 'allow', 'an', 'and', 'app', 'application', 'applications', 'apps', 'bed', 'beds', 'build', 'builds', 'camera', 'cardiograph', 'cardiographs',
  'client', 'control', 'controller', 'defibrillator', 'device', 'devices', 'electrocardiograph', 'embedded', 'energy', 'family', 'firmware', 'fluid', 'for',
  'from', 'health', 'healthcare', 'hub', 'icd', 'icu', 'in', 'including', 'infusion', 'insulin', 'iot', 'kit', 'large', 'machine', 'maintenance',
  'management', 'maternal', 'medical', 'model', 'models', 'monitor', 'monitors', 'number', 'of', 'on', 'only', 'operating', 'option', 'or', 'part',
  'patient', 'platform', 'printer', 'product', 'products', 'program', 'programmer', 'programmers', 'pump', 'pumps', 'reader', 'receiver', 'recorder',
  'release', 'resting', 'scanner', 'sensor', 'series', 'signs', 'software', 'standard', 'syringe', 'system', 'systems', 'the', 'to', 'tool', 'transmitter',
  'ultrasound', 'unit', 'units', 'ventilator', 'version', 'versions', 'vital', 'volume', 'web', 'wifi', 'wireless', 'with', 'wlan', 'worn',
])

/** Words of the language, and family names a house puts on quite different goods: alone they name a product only when nothing else stands beside them. */
export const PLAIN_WORDS: ReadonlySet<string> = new Set([
  'accent', 'advance', 'alert', 'ant', 'anthem', 'arkon', 'ap', 'assura', 'aw', 'aws', 'battery', 'brilliance', 'brivo', 'calculation', 'carbon',
  'cardiology', 'center', 'central', 'claria', 'clinical', 'compia', 'dashboard', 'data', 'development', 'exchange', 'information',
  'concerto', 'consulta', 'current', 'cx', 'database', 'delta', 'discovery', 'dms', 'ellipse', 'endura', 'engage', 'essential', 'evera', 'explorer', 'fortify',
  'gemini', 'generator', 'genie', 'holter', 'horizon', 'infinia', 'infinity', 'innova', 'integrity', 'kappa', 'luna', 'maximo', 'mirro', 'mri', 'nexus',
  'manager', 'module', 'network', 'optima', 'ose', 'pack', 'portal', 'precision', 'primo', 'promote', 'protecta', 'pulsera', 'quadra', 'revolution',
    'secura', 'server', 'service', 'smart',
  'spectrum', 'stack', 'station', 'tool', 'ultrasound', 'unify', 'upgrade', 'utility', 'venue', 'virtuoso', 'viva', 'vivid', 'workspot', 'workstation',
])

/**
 * Goods of the other houses that share a maker's name (`Contec` PLCs, `Philips` televisions, `GE` lamps, `Siemens` drives, `Baxter` ovens): under
 * such a name a model that says one of these is none of an advisory's, whatever number stands beside it.
 */
export const OTHER_TRADES: ReadonlySet<string> = new Set([
  'actuator', 'ambilight', 'appliance', 'audio', 'automation', 'ballast', 'blender', 'bulb', 'coffee', 'cooler', 'copier', 'cpu', 'daq', 'dishwasher',
  'drive', 'dryer', 'earbuds', 'earphone', 'earphones', 'espresso', 'fieldbus', 'fluorescent', 'freezer', 'fridge', 'gogear', 'grill', 'hairdryer',
  'headphone', 'headphones', 'headset', 'hmi', 'hvac', 'inverter', 'ipc', 'kettle', 'kitchen', 'lamp', 'lamps', 'laptop', 'led', 'light', 'lighting',
  'locomotive', 'luminaire', 'microwave', 'mixer', 'motherboard', 'ncd', 'oven', 'ovens', 'panel', 'pcie', 'plc', 'projector', 'proofer', 'purifier',
  'radio', 'refrigerator', 'relay', 'robot', 'router', 'scada', 'shaver', 'signage', 'simatic', 'sonicare', 'soundbar', 'speaker', 'speakers', 'switchgear',
  'television', 'thermostat', 'toaster', 'toothbrush', 'transceiver', 'transformer', 'troffer', 'turbine', 'tv', 'ups', 'vacuum', 'washer', 'webcam',
])

export interface ProductOverride {
  /** Row id of vendor-table.ts. */
  readonly vendor: string
  /** The product's name as published, folded (atoms.ts). */
  readonly name: string
  /** Each is enough: words of which all have to stand in a device's model; `mx400..550` is a run of numbers behind letters. Empty: a person reads it. */
  readonly keys: readonly string[]
  /** What the name limits the product to; then a person looks at every match. */
  readonly condition?: string
  /** A version that stands in the name. */
  readonly version?: string
  /** These do not belong to it. */
  readonly except?: readonly string[]
}

/** Bedside monitors of the MP and MX rows by their own names: a range would take in an MP3 player of the same house. */
const MP_MONITORS: readonly string[] = ['mp2', 'mp5', 'mp5sc', 'mp5t', 'mp20', 'mp30', 'mp40', 'mp50', 'mp60', 'mp70', 'mp80', 'mp90']
const MX_MONITORS: readonly string[] = ['mx400', 'mx450', 'mx500', 'mx550', 'mx600', 'mx700', 'mx750', 'mx800', 'mx850']

/** Names whose grammar is a list, a riddle or a mistake. */
export const PRODUCT_OVERRIDES: readonly ProductOverride[] = [
  // A word of the tree went wrong: the product's name stands in the advisory's title only.
  { vendor: 'philips', name: 'version', keys: ['alice 6'] },
  { vendor: 'b-braun', name: 'ap', keys: ['onlinesuite ap', 'online suite ap'] },
  // Operating systems under a maker's name: an advisory about the maker's devices that run them.
  ...['2000', 'xp', 'vista', '7', 'server 2003', 'server 2003 r2', 'server 2008', 'server 2008 r2'].map((windows): ProductOverride =>
    ({ vendor: 'spacelabs', name: `windows ${windows}`, keys: [] })),
  // Another house's product, listed by mistake, and a line that stands for the whole advisory.
  { vendor: 'ge-healthcare', name: 'alaris pc unit', keys: [] },
  { vendor: 'ge-healthcare', name: 'ge imaging and ultrasound products', keys: [] },
  // Half a name: Senographe Essential is meant, and Versana Essential is another product.
  { vendor: 'ge-healthcare', name: 'essential', keys: ['senographe essential', 'seno essential'] },
  { vendor: 'ge-healthcare', name: 'discovery mi mi dr', keys: ['discovery mi', 'discovery mi dr'] },
  { vendor: 'ge-healthcare', name: 'innova igs 5x0', keys: ['innova igs 520', 'innova igs 530', 'innova igs 540'] },
  { vendor: 'ge-healthcare', name: 'innova igs 6x0', keys: ['innova igs 620', 'innova igs 630'] },
  { vendor: 'ge-healthcare', name: 'innova igs 7x0', keys: ['innova igs 730', 'innova igs 740'] },
  { vendor: 'ge-healthcare', name: 'entegra 2.0/2.5 processing and review workstation', keys: ['entegra'] },
  { vendor: 'ge-healthcare', name: 'infinia with hawkeye 4 / 1', keys: ['infinia hawkeye'] },
  { vendor: 'ge-healthcare', name: 'xeleris', keys: ['xeleris'] },
  { vendor: 'ge-healthcare', name: 'logiq, not including logiq 100 pro', keys: ['logiq'], except: ['logiq 100'] },
  {
    // The word is on lamps too, so that under a short maker's name the scanner's own number has to stand beside it.
    vendor: 'ge-healthcare', name: 'vivid products, not including echopac', except: ['echopac'],
    keys: ['vivid', ...['i', 'q', 'iq', 's5', 's6', 's60', 's70', 't8', 't9', 'e9', 'e80', 'e90', 'e95'].map((row) => `vivid ${row}`)],
  },
  { vendor: 'ge-healthcare', name: 'voluson, not including imagevault', keys: ['voluson'], except: ['imagevault', 'image vault'] },
  {
    vendor: 'ge-healthcare', name: 'venue, not including venue 40 r1-3 and venue 50 r4-5', keys: ['venue go', 'venue fit', 'venue r1', 'venue r2', 'venue r3'],
    except: ['venue 40', 'venue 50'],
  },
  {
    vendor: 'ge-healthcare', name: 'invenia abus scan station, not including vscan product line', keys: ['invenia abus'], except: ['vscan'],
  },
  // Lists of monitors.
  {
    vendor: 'philips', name: 'intellivue patient monitors mp series (includingmp2/x2/mp30/mp50/mp70/np90/mx700/800)',
    keys: ['mp2', 'intellivue x2', 'mp30', 'mp50', 'mp70', 'mp90', 'mx700', 'mx800'],
  },
  { vendor: 'philips', name: 'intellivue patient monitors mx (mx400-550)', keys: [...MX_MONITORS.slice(0, 4), 'intellivue x3', 'intellivue mx100'] },
  { vendor: 'philips', name: 'avalon fetal/maternal monitors fm20/fm30/fm40/fm50', keys: ['avalon fm20', 'avalon fm30', 'avalon fm40', 'avalon fm50'] },
  { vendor: 'philips', name: 'intellivue patient monitor mx400-mx850', keys: MX_MONITORS },
  { vendor: 'philips', name: 'intellivue patient monitor mp2-mp90', keys: MP_MONITORS },
  {
    vendor: 'philips', name: 'intellivue mp monitors mx800/700/600 ((865240/41/42) wlan', keys: ['mx800', 'mx700', 'mx600', '865240', '865241', '865242'],
    condition: 'the wireless card',
  },
  {
    vendor: 'philips', name: 'intellivue mp monitors mp2/x2 (m8102a/m3002a) wlan', keys: ['mp2', 'intellivue x2', 'm8102a', 'm3002a'],
      condition: 'the wireless card',
  },
  { vendor: 'philips', name: 'intellivue mp monitors mp5/5sc (m8105a/5as) wlan', keys: ['mp5', 'mp5sc', 'm8105a', 'm8105as'], condition: 'the wireless card' },
  {
    vendor: 'philips', name: 'intellivue mp monitors mp20-mp90 (m8001a/2a/3a/4a/5a/7a/8a/10a) wlan',
    keys: [...MP_MONITORS.slice(4), 'm8001a', 'm8002a', 'm8003a', 'm8004a', 'm8005a', 'm8007a', 'm8008a', 'm8010a'], condition: 'the wireless card',
  },
  { vendor: 'philips', name: 'pagewriter tc10 tc20 tc30 tc50 tc70 cardiographs', keys: ['tc10', 'tc20', 'tc30', 'tc50',
    'tc70'].map((tc) => `pagewriter ${tc}`) },
  { vendor: 'philips', name: 'pulsera (718095) and endura (718075)', keys: ['bv pulsera', 'bv endura', '718095', '718075'],
    condition: 'shipped with a router' },
  { vendor: 'philips', name: 'veradius unity (718132)', keys: ['veradius', '718132'], condition: 'shipped with a router' },
  { vendor: 'philips', name: 'patient information center ix (picix)', keys: ['information center ix', 'picix', 'pic ix'] },
  { vendor: 'philips', name: 'patient information center ix (pic ix)', keys: ['information center ix', 'picix', 'pic ix'] },
  { vendor: 'philips', name: 'philips intellivue information center ix', keys: ['information center ix', 'piic ix', 'piicix'] },
  { vendor: 'philips', name: 'ultrasound epiq/affiniti', keys: ['epiq', 'affiniti'] },
  { vendor: 'philips', name: 'ultrasound cx', keys: ['ultrasound cx', 'ultrasound cx30', 'cx50'] },
  { vendor: 'philips', name: 'ultrasound clearvue', keys: ['clearvue'] },
  { vendor: 'philips', name: 'ultrasound sparq', keys: ['sparq'] },
  { vendor: 'philips', name: 'ultrasound xperius', keys: ['xperius'] },
  { vendor: 'philips', name: 'suresigns', keys: ['suresigns vs4', 'suresigns'] },
  { vendor: 'philips', name: 'efficia cm series', keys: ['efficia cm', 'efficia cm10..150'] },
  { vendor: 'philips', name: 'mri 1.5t', keys: ['mri 1.5t', 'mr 1.5t'] },
  { vendor: 'philips', name: 'mri 3t', keys: ['mri 3t', 'mr 3t', 'mr 3.0t'] },
  { vendor: 'philips', name: 'gemini pet/ct family', keys: ['gemini pet', 'gemini tf', 'gemini gxl', 'gemini lxl', 'trufight select', 'truflight select'] },
  { vendor: 'philips', name: 'intellibridge ec40 hub', keys: ['intellibridge ec40'] },
  { vendor: 'philips', name: 'intellibridge ec80 hub', keys: ['intellibridge ec80'] },
  { vendor: 'philips', name: 'holter 2010 plus', keys: ['holter 2010'] },
  { vendor: 'philips', name: 'coronary tools/dynamic coronary roadmap/stentboost live', keys: ['coronary tools', 'dynamic coronary roadmap', 'stentboost'] },
  { vendor: 'philips', name: 'engage software', keys: ['engage software'] },
  { vendor: 'philips', name: 'e-alert', keys: ['e alert'] },
  // Alternatives in one name.
  {
    vendor: 'baxter', name: 'welch allyn eli 150c/bur 150c/mlbur 150c resting electrocardiograph', keys: ['eli 150c', 'bur 150c', 'mlbur 150c'],
  },
  { vendor: 'baxter', name: 'welch allyn eli 250c/bur 250c resting electrocardiograph', keys: ['eli 250c', 'bur 250c'] },
  { vendor: 'baxter', name: 'welch allyn eli 280/bur280/mlbur 280 resting electrocardiograph', keys: ['eli 280', 'bur 280', 'mlbur 280'] },
  {
    vendor: 'baxter', name: 'welch allyn spot vital signs 4400 device (spot 4400) / welch allyn spot 4400 vital signs extended care device',
      keys: ['spot 4400'],
  },
  { vendor: 'baxter', name: 'welch allyn connex spot monitor (csm)', keys: ['connex spot'] },
  { vendor: 'baxter', name: 'welch allyn connex integrated wall system (ciws)', keys: ['connex integrated wall', 'ciws'] },
  { vendor: 'baxter', name: 'welch allyn connex vital signs monitor (cvsm)', keys: ['connex vital signs', 'cvsm'] },
  { vendor: 'baxter', name: 'welch allyn connex central station (cs)', keys: ['connex central station'] },
  { vendor: 'baxter', name: 'welch allyn software development kit (sdk)', keys: ['software development kit'] },
  { vendor: 'baxter', name: 'welch allyn service tool', keys: ['service tool'] },
  { vendor: 'baxter', name: 'welch allyn service monitor', keys: ['service monitor'] },
  ...['q-stress', 'x-scribe'].map((name): ProductOverride => ({
    vendor: 'baxter', name: `welch allyn ${name} cardiac stress testing system`, keys: [name.replace('-', ' ')],
  })),
  { vendor: 'baxter', name: 'welch allyn r-scribe resting ecg system', keys: ['r scribe'] },
  { vendor: 'baxter', name: 'welch allyn h-scribe holter analysis system', keys: ['h scribe'] },
  { vendor: 'baxter', name: 'phoenix hemodialysis delivery system', keys: ['phoenix hemodialysis'] },
  { vendor: 'medtronic', name: 'protecta icd and crt-d', keys: ['protecta'] },
  { vendor: 'medtronic', name: 'maximo ii crt-d and icd', keys: ['maximo ii'] },
  { vendor: 'medtronic', name: 'smart model 25000 patient reader', keys: ['mycarelink smart', '25000'] },
  ...['515/715', '522/722', '523/723', '512/712'].map((pair): ProductOverride => ({
    vendor: 'medtronic', name: `minimed paradigm ${pair} pumps`, keys: pair.split('/').map((number) => `paradigm ${number}`),
  })),
  ...['522k/722k', '523k/723k'].map((pair): ProductOverride => ({
    vendor: 'medtronic', name: `minimed paradigm ${pair} pumps`, keys: pair.split('/').map((number) => `paradigm ${number}`),
  })),
  { vendor: 'medtronic', name: 'minimed paradigm veo 554/754 pumps', keys: ['paradigm veo 554', 'paradigm veo 754'] },
  { vendor: 'medtronic', name: 'minimed paradigm veo 554cm and 754cm models only', keys: ['paradigm veo 554cm', 'paradigm veo 754cm'] },
  { vendor: 'medtronic', name: 'carelink monitor', keys: ['carelink 2490c', 'carelink monitor'] },
  { vendor: 'abbott', name: 'accent/anthem', keys: ['accent', 'anthem'] },
  { vendor: 'abbott', name: 'assurity/allure', keys: ['assurity', 'allure'] },
  { vendor: 'abbott', name: 'inductive models ex1100', keys: ['merlin ex1100', 'ex1100'] },
  { vendor: 'abbott', name: 'inductive models ex1100 with merlinondemand capability', keys: ['ex1100'] },
  { vendor: 'abbott', name: 'rf models ex1150', keys: ['ex1150'] },
  {
    vendor: 'boston-scientific', name: 'zoom latitude programmer/recorder/monitor (prm) - model 3120', keys: ['zoom latitude 3120', 'zoom latitude',
      'latitude prm'],
  },
  { vendor: 'boston-scientific', name: 'zoom latitude programmer/recorder/monitor (prm) model', keys: ['zoom latitude', 'latitude prm'] },
  { vendor: 'siemens', name: 'siemens spect workplaces/symbia.net windows xp-based', keys: ['spect workplace', 'symbia.net', 'symbia net'],
    condition: 'on Windows XP' },
  { vendor: 'siemens', name: 'siemens spect workplaces/symbia.net windows 7-based', keys: ['spect workplace', 'symbia.net', 'symbia net'],
    condition: 'on Windows 7' },
  { vendor: 'siemens', name: 'siemens spect systems windows xp-based', keys: ['spect system', 'symbia spect'], condition: 'on Windows XP' },
  { vendor: 'siemens', name: 'siemens spect systems windows 7-based', keys: ['spect system', 'symbia spect'], condition: 'on Windows 7' },
  { vendor: 'siemens', name: 'siemens spect/ct systems windows xp-based', keys: ['spect ct'], condition: 'on Windows XP' },
  { vendor: 'siemens', name: 'siemens spect/ct systems windows 7-based', keys: ['spect ct'], condition: 'on Windows 7' },
  { vendor: 'siemens', name: 'siemens pet/ct systems windows xp-based', keys: ['pet ct'], condition: 'on Windows XP' },
  { vendor: 'siemens', name: 'siemens pet/ct systems windows 7-based', keys: ['pet ct'], condition: 'on Windows 7' },
  { vendor: 'illumina', name: 'nextseq 500/550 control software', keys: ['nextseq 500', 'nextseq 550'] },
  { vendor: 'illumina', name: 'nextseq 1000/2000 control software', keys: ['nextseq 1000', 'nextseq 2000'] },
  // Numbers that are a model by themselves, and words that lists leave out or write apart.
  { vendor: 'philips', name: 'intellivue mx40 patient worn monitor (wlan only)', keys: ['mx40'], condition: 'WLAN only' },
  { vendor: 'baxter', name: 'exactamix em2400', keys: ['em2400'] },
  { vendor: 'baxter', name: 'exactamix em1200', keys: ['em1200'] },
  {
    vendor: 'spacelabs', name: 'xhibit telemetry receiver (xtr) model number 96280',
    keys: ['xhibit telemetry 96280', 'xhibit telemetry receiver', 'xtr 96280', '96280'],
  },
  {
    vendor: 'stryker', name: 's3 medsurg bed (enabled with ibed wireless)', keys: ['s3 medsurg', '3002 s3', '3005 s3'],
    condition: 'enabled with iBed Wireless',
  },
  { vendor: 'bd', name: 'facslyric ivd', keys: ['facslyric'] },
  { vendor: 'bd', name: 'facslyric research use only', keys: ['facslyric'] },
  { vendor: 'ge-healthcare', name: 'ge aisys', keys: ['aisys', 'avance', 'amingo'] },
  { vendor: 'natus', name: 'natus xltek neuroworks', keys: ['neuroworks'] },
  // A later pump of the family with another radio.
  { vendor: 'insulet', name: 'omnipod insulin management system', keys: ['omnipod'], except: ['omnipod dash', 'omnipod 5', 'omnipod go'] },
  ...['baxter spectrum', 'baxter spectrum lvp'].map((name): ProductOverride =>
    ({ vendor: 'baxter', name, keys: ['spectrum', 'spectrum iq', 'spectrum lvp', 'spectrum 35700bax2', 'spectrum 35700bax3'] })),
  { vendor: 'microdicom', name: 'dicom viewer', keys: ['dicom viewer', 'microdicom'] },
  { vendor: 'microdicom', name: 'microdicom dicom viewer', keys: ['dicom viewer', 'microdicom'] },
  { vendor: 'orthanc', name: 'osimis webviewer', keys: ['osimis webviewer', 'osimis web viewer', 'webviewer'] },
  { vendor: 'fresenius-kabi', name: 'agilia connect wifi module of the pumps', keys: ['agilia connect'], condition: 'the WiFi module' },
  { vendor: 'illumina', name: 'novaseq control software', keys: ['novaseq control', 'novaseq 6000'] },
  { vendor: 'contec-medical', name: 'cms8000 contec icu ccu vital signs patient monitor', keys: ['cms8000'] },
  { vendor: 'roche', name: 'point of care handheld medical devices', keys: ['accu chek inform ii', 'coaguchek pro ii', 'coaguchek xs plus',
    'coaguchek xs pro', 'cobas h232'] },
  { vendor: 'bd', name: 'alaris pc unit model 8015', keys: ['alaris pc 8015', 'alaris pcu 8015', 'alaris 8015'] },
  { vendor: 'bd', name: 'bd alaris point-of-care unit (pcu) model 8015', keys: ['alaris pc 8015', 'alaris pcu 8015', 'alaris 8015'] },
  { vendor: 'bd', name: 'alaris 8015 pc unit', keys: ['alaris pc 8015', 'alaris pcu 8015', 'alaris 8015'] },
  { vendor: 'bd', name: 'alaris 8000 pc unit', keys: ['alaris pc 8000', 'alaris pcu 8000', 'alaris 8000'] },
  { vendor: 'bd', name: 'alaris pc unit', keys: ['alaris pc unit', 'alaris pcu', 'alaris pc 8015', 'alaris 8015'] },
  {
    vendor: 'wind-river', name: 'vxworks under current support (6.9.4.11, vx7 sr540, vx7 sr610)', keys: ['vxworks'],
      condition: 'releases under current support',
  },
  { vendor: 'ge-healthcare', name: 'image vault 3.x medical imaging software', keys: ['image vault', 'imagevault'], version: '3.x' },
  { vendor: 'bd', name: 'bodyguard pumps', keys: ['bodyguard'] },
]
