"""What people do: sectors with their duties, places and papers, and the occupations that the samples are drawn from."""

# sector: employers ({s} a stem, {c} a city), duties ({p} a percentage, {n} a small number), skills, soft skills,
# fields of study, certifications, what an improvement improves.
SECTORS = {
    "nursing": (
        ["{s} General Hospital", "{s} Community Clinic", "{c} Care Centre {s}", "St. {s} Hospital", "{s} Nursing Home"],
        ["Take over {n} patients per shift and hand them over with complete notes", "Give medication by the five rights and watch for side effects",
         "Explain treatment and aftercare to patients and their families", "Follow hygiene and infection control rules on a ward of {b} beds",
         "Introduce new colleagues and trainees to the ward", "Take vital signs, notice deterioration early and call the physician",
         "Plan shifts with the ward manager, nights and weekends included", "Work on falls prevention; falls went down by {p} %"],
        ["patient care", "infection control", "vital signs", "medication administration", "patient education", "clinical documentation"],
        ["empathy", "calm under pressure", "teamwork", "observation"],
        ["Nursing", "Nursing Science", "Health and Social Care"],
        ["Basic Life Support", "Advanced Cardiac Life Support", "Wound Care Certificate"],
        ["patient satisfaction", "length of stay", "handover quality"]),
    "medicine": (
        ["{s} Medical Group", "{s} University Hospital", "{c} Health Practice", "{s} Rehabilitation Centre", "{s} Dental and Family Care"],
        ["See {b} patients a week and keep complete records", "Agree treatment plans with patients and colleagues",
         "Follow up results and adapt treatment", "Keep equipment calibrated and stocks in date",
         "Advise relatives in plain words", "Supervise trainees in the practice", "Take part in case conferences every week",
         "Shorten waiting times by {p} % through better appointment planning"],
        ["patient assessment", "treatment planning", "health records", "patient safety", "informed consent"],
        ["empathy", "precision", "clear communication", "teamwork"],
        ["Medicine", "Health Sciences", "Biomedical Science"],
        ["Basic Life Support", "Radiation Protection Certificate", "Good Clinical Practice"],
        ["waiting times", "treatment adherence", "appointment attendance"]),
    "software": (
        ["{s} Software", "{s} Labs", "{s} Digital", "{s} Systems", "{s} Interactive"],
        ["Design, review and ship features in a team of {n}", "Keep the test suite fast and trustworthy; build time fell by {p} %",
         "Run services in production and take part in the on-call rota", "Write short design notes and discuss them before coding",
         "Break large changes into small releases", "Mentor junior developers through pairing and review",
         "Work with product owners on what to build next", "Replace a legacy module step by step without downtime"],
        ["code review", "automated testing", "agile development", "REST APIs", "continuous integration", "version control"],
        ["curiosity", "clear writing", "teamwork", "ownership"],
        ["Computer Science", "Software Engineering", "Information Systems"],
        ["AWS Certified Developer", "Professional Scrum Developer", "ISTQB Foundation Level"],
        ["response times", "release frequency", "defect rates"]),
    "data": (
        ["{s} Analytics", "{s} Insight", "{s} Data Works", "{s} Research"],
        ["Turn vague questions of {n} departments into measurable ones", "Build and maintain data pipelines that run every night",
         "Present findings to people who do not read code", "Validate models against held-out data and watch them in production",
         "Document definitions of figures so that everybody counts alike", "Improve the forecast error by {p} %",
         "Review the queries and notebooks of colleagues", "Protect personal data by design"],
        ["data modelling", "statistics", "data visualisation", "data quality", "ETL", "experiment design"],
        ["curiosity", "storytelling", "precision", "scepticism"],
        ["Statistics", "Data Science", "Mathematics", "Computer Science"],
        ["Google Professional Data Engineer", "Microsoft Certified Data Analyst", "Certified Analytics Professional"],
        ["report turnaround", "forecast accuracy", "data quality"]),
    "it": (
        ["{s} IT Services", "{s} Networks", "{s} Cloud Services", "{c} Data Centre {s}"],
        ["Keep {b} servers and their backups healthy", "Answer incidents within agreed times and write down what was learnt",
         "Roll out updates in waves with a way back", "Manage accounts and access rights by the rule of least privilege",
         "Automate routine work; manual tickets fell by {p} %", "Plan capacity and renewals with suppliers",
         "Test the recovery plan twice a year", "Explain technical matters to users patiently"],
        ["incident management", "system monitoring", "backup and recovery", "access management", "ITIL processes", "scripting"],
        ["service mind", "calm under pressure", "structured working", "patience"],
        ["Information Technology", "Computer Networks", "Computer Science"],
        ["ITIL 4 Foundation", "CompTIA Security+", "Cisco CCNA"],
        ["availability", "ticket backlog", "recovery time"]),
    "engineering": (
        ["{s} Engineering", "{s} Technologies", "{s} Consulting Engineers", "{s} Energy", "{s} Planning"],
        ["Draw up calculations, drawings and specifications for {n} projects at a time", "Lead design reviews and follow up their actions",
         "Test prototypes and write the reports", "Check the work of contractors on site", "Estimate cost and time for tenders",
         "Keep to standards, permits and safety rules", "Reduce material use by {p} % through redesign",
         "Coordinate with architects, suppliers and authorities"],
        ["technical drawing", "design calculations", "cost estimation", "technical documentation", "standards compliance", "risk assessment"],
        ["precision", "structured working", "teamwork", "negotiation"],
        ["Mechanical Engineering", "Civil Engineering", "Electrical Engineering", "Industrial Engineering"],
        ["Chartered Engineer", "Project Management Professional", "Six Sigma Green Belt"],
        ["material use", "energy consumption", "project lead time"]),
    "trades": (
        ["{s} Construction", "{s} & Sons Building Services", "{s} Installations", "{s} Contractors", "{c} Bau {s}"],
        ["Read plans and set out the work on site", "Install, test and hand over with a complete record",
         "Look after the tools and the van", "Find faults and repair them at the customer's", "Work safely at heights and in confined spaces",
         "Order material for {n} sites", "Train apprentices on the job", "Finish {p} % of jobs ahead of schedule"],
        ["reading blueprints", "site safety", "power tools", "measuring and setting out", "customer service", "preventive maintenance"],
        ["reliability", "physical fitness", "care", "teamwork"],
        ["Building Trades", "Electrical Installation", "Construction Technology"],
        ["Working at Heights", "First Aid at Work", "Construction Safety Card"],
        ["rework", "call-backs", "schedule keeping"]),
    "finance": (
        ["{s} Bank", "{s} Insurance", "{s} Capital Partners", "{s} & Partners Accountants", "{s} Mutual"],
        ["Close the books every month by working day {n}", "Reconcile accounts and clear differences",
         "Prepare reports for management and authorities", "Examine applications and decide within own limits",
         "Support the yearly audit with complete papers", "Simplify the closing process; it became {p} % shorter",
         "Advise clients and document the advice", "Keep to anti-money-laundering and data protection rules"],
        ["financial reporting", "IFRS", "account reconciliation", "budgeting", "regulatory compliance", "variance analysis"],
        ["precision", "discretion", "integrity", "clear communication"],
        ["Accounting", "Finance", "Economics", "Business Administration"],
        ["Certified Public Accountant", "Chartered Financial Analyst Level I", "Anti-Money-Laundering Certificate"],
        ["closing time", "credit losses", "audit findings"]),
    "office": (
        ["{s} Group", "{s} Services", "{s} Holding", "{c} Chamber {s}", "{s} Consulting"],
        ["Coordinate calendars, travel and meetings for {n} people", "Prepare contracts, minutes and correspondence",
         "Be the first contact for employees and visitors", "Keep records complete and confidential",
         "Run the onboarding of new colleagues", "Introduce a digital file; search times fell by {p} %",
         "Plan budgets with department heads", "Organise events and trainings from invitation to follow-up"],
        ["office organisation", "scheduling", "correspondence", "record keeping", "stakeholder communication", "process improvement"],
        ["discretion", "organisation", "friendliness", "clear communication"],
        ["Business Administration", "Human Resource Management", "Office Management"],
        ["SHRM Certified Professional", "Project Management Professional", "PRINCE2 Foundation"],
        ["time to hire", "staff turnover", "processing times"]),
    "sales": (
        ["{s} Retail", "{s} Trading", "{s} Brands", "{s} Media", "{s} Home & Living"],
        ["Advise customers and find out what they really need", "Look after {b} accounts and win new ones",
         "Prepare offers and negotiate terms", "Plan campaigns and measure what they brought",
         "Handle complaints so that customers stay", "Raise turnover by {p} % in one year",
         "Keep customer data up to date", "Train new colleagues on products and tone"],
        ["customer advice", "negotiation", "lead generation", "complaint handling", "campaign planning", "product presentation"],
        ["friendliness", "persistence", "listening", "persuasiveness"],
        ["Marketing", "Business Administration", "Communication"],
        ["Google Ads Certification", "Certified Sales Professional", "HubSpot Inbound Marketing"],
        ["turnover", "repeat purchases", "customer satisfaction"]),
    "education": (
        ["{s} Primary School", "{s} Secondary School", "{s} Academy", "{c} Learning Centre {s}", "{s} Kindergarten"],
        ["Plan lessons for groups of {b} learners", "Assess progress and give feedback that helps",
         "Talk with parents and guardians regularly", "Support learners with special needs",
         "Organise excursions and project weeks", "Work on the curriculum with colleagues",
         "Bring digital media into the classroom", "Raise reading scores by {p} %"],
        ["lesson planning", "classroom management", "learning assessment", "inclusive education", "curriculum development"],
        ["patience", "enthusiasm", "empathy", "clear communication"],
        ["Education", "Pedagogy", "Early Childhood Education", "Languages and Literature"],
        ["Teaching Licence", "Paediatric First Aid", "Safeguarding Certificate"],
        ["attendance", "exam results", "reading scores"]),
    "hospitality": (
        ["Restaurant {s}", "{s} Catering", "Bistro {s}", "Brasserie {s}"],
        ["Serve {b} covers on busy evenings", "Prepare the station before opening and leave it clean", "Keep to the rules of food hygiene and allergens",
         "Welcome guests and solve what bothers them", "Order stock and keep waste low", "Take payments and settle the till",
         "Teach seasonal staff", "Cut food waste by {p} %"],
        ["food hygiene", "HACCP", "guest service", "stock control", "cash handling", "allergen management"],
        ["friendliness", "stamina", "calm under pressure", "teamwork"],
        ["Hospitality Management", "Culinary Arts", "Hotel Management"],
        ["Food Hygiene Level 2", "Responsible Alcohol Service", "First Aid at Work"],
        ["food waste", "guest ratings", "table turnover"]),
    "hotel": (
        ["Hotel {s}", "{s} Resort", "{s} Guest House", "{s} Grand Hotel"],
        ["Look after a house of {b} rooms", "Welcome guests and solve what bothers them", "Hand over to the next shift with clear notes",
         "Check rooms and report repairs", "Teach seasonal staff", "Raise guest ratings by {p} %", "Keep supplies and linen in order",
         "Answer guests in two or more languages"],
        ["guest service", "hotel standards", "room inspection", "shift handover", "complaint handling"],
        ["friendliness", "stamina", "attention to detail", "discretion"],
        ["Hotel Management", "Tourism", "Hospitality Management"],
        ["Fire Warden Training", "First Aid at Work", "Certified Hospitality Supervisor"],
        ["guest ratings", "room turnaround", "no-shows"]),
    "logistics": (
        ["{s} Logistics", "{s} Freight", "{s} Transport", "{s} Warehousing", "{c} Port Services {s}"],
        ["Load, secure and deliver by the tour plan", "Check goods in and out with a scanner",
         "Plan {n} tours a day with regard to driving times", "Count stock and clear differences",
         "Inspect vehicles and equipment before use", "Negotiate with carriers and suppliers",
         "Keep freight papers and customs forms complete", "Shorten picking routes by {p} %"],
        ["load securing", "stock control", "order picking", "route planning", "freight documents", "warehouse safety"],
        ["reliability", "stamina", "care", "punctuality"],
        ["Logistics", "Supply Chain Management", "Transport Management"],
        ["Forklift Licence", "Dangerous Goods (ADR)", "Driver Qualification Card"],
        ["picking errors", "fuel use", "on-time delivery"]),
    "legal": (
        ["{s} & Partners Law", "{s} Legal", "Chambers of {s}", "{s} Notaries"],
        ["Draft contracts and pleadings", "Research case law and sum it up on two pages", "Keep deadlines for {b} files",
         "Advise clients on chances and costs", "Prepare hearings and closings", "Negotiate settlements",
         "Check registers and titles", "Introduce templates that save {p} % of drafting time"],
        ["legal research", "contract drafting", "case management", "deadline control", "due diligence"],
        ["precision", "discretion", "persuasiveness", "integrity"],
        ["Law", "Legal Studies", "Business Law"],
        ["Bar Admission", "Certified Paralegal", "Data Protection Officer Certificate"],
        ["drafting time", "missed deadlines", "cost per case"]),
    "manufacturing": (
        ["{s} Manufacturing", "{s} Metalworks", "{s} Components", "{s} Foods", "{s} Automotive Parts"],
        ["Set up machines from drawings and run the first piece", "Inspect parts and document deviations",
         "Keep machines running with planned maintenance", "Lead a shift of {n}", "Work to takt time and clean up by 5S",
         "Find the causes of stoppages; downtime fell by {p} %", "Train new operators", "Stop the line when safety asks for it"],
        ["quality inspection", "lean manufacturing", "machine setup", "measuring instruments", "5S", "work safety"],
        ["care", "reliability", "technical understanding", "teamwork"],
        ["Metal Technology", "Mechatronics", "Production Technology"],
        ["Welding Certificate ISO 9606", "Six Sigma Yellow Belt", "Forklift Licence"],
        ["scrap", "downtime", "setup times"]),
    "science": (
        ["{s} Laboratories", "{s} Institute", "{s} Biotech", "{s} Environmental Services"],
        ["Plan and run experiments and keep the laboratory journal", "Analyse {b} samples a week by validated methods",
         "Write reports and publications", "Maintain and calibrate instruments", "Work by good laboratory practice",
         "Present results to partners", "Supervise students", "Shorten sample turnaround by {p} %"],
        ["sample preparation", "laboratory safety", "data analysis", "method validation", "scientific writing", "GLP"],
        ["precision", "curiosity", "patience", "structured working"],
        ["Chemistry", "Biology", "Environmental Science", "Biotechnology"],
        ["Good Laboratory Practice", "ISO 17025 Internal Auditor", "Radiation Safety"],
        ["sample turnaround", "repeat measurements", "reagent cost"]),
    "creative": (
        ["Studio {s}", "{s} Publishing", "{s} Communications", "Atelier {s}", "{s} Press"],
        ["Turn a brief into {n} ideas and one good solution", "Research, write and edit to length and deadline",
         "Present drafts to clients and take criticism well", "Look after images, rights and archives",
         "Plan shoots, print runs and releases", "Keep the voice and look of the brand consistent",
         "Work with printers, agencies and freelancers", "Grow the readership by {p} %"],
        ["layout", "storytelling", "editing", "image editing", "project coordination", "social media"],
        ["creativity", "deadline discipline", "openness to criticism", "curiosity"],
        ["Visual Communication", "Journalism", "Media Design", "Translation Studies"],
        ["Adobe Certified Professional", "Accredited in Public Relations", "Certified Meeting Professional"],
        ["readership", "production time", "engagement"]),
    "social": (
        ["{s} Family Services", "{s} Foundation", "{c} Youth Centre {s}", "{s} Counselling", "{s} Home"],
        ["Support {b} families or clients and review their plans", "Assess risk and act on it at once",
         "Keep case notes that stand up in court", "Work with schools, authorities and health services",
         "Lead groups and workshops", "Help with forms, housing and benefits", "Take part in supervision",
         "Reduce waiting time for a first talk by {p} %"],
        ["case management", "crisis intervention", "counselling", "child protection", "group facilitation", "needs assessment"],
        ["empathy", "patience", "resilience", "listening"],
        ["Social Work", "Psychology", "Social Pedagogy"],
        ["Licensed Social Worker", "Mental Health First Aid", "Safeguarding Certificate"],
        ["waiting times", "case closure", "attendance"]),
    "services": (
        ["{s} Services"],
        ["Keep to the daily plan and report what is unusual", "Advise people in plain words and stay polite",
         "Look after tools, vehicles and equipment", "Work in shifts, weekends included", "Follow safety rules and document the work",
         "Train newcomers", "Plan the week with a team of {n}", "Shorten response times by {p} %"],
        ["customer service", "work safety", "equipment care", "incident reports", "appointment planning"],
        ["reliability", "friendliness", "alertness", "physical fitness"],
        ["Vocational Training", "Service Management", "Technical Training"],
        ["First Aid at Work", "Guard Licence", "Trade Certificate"],
        ["response times", "complaints", "repeat visits"]),
}

# O*NET-SOC code | sector | education (0 vocational, 1 bachelor, 2 master, 3 doctorate) | yearly pay in thousand US dollars | own skills
OCCUPATIONS = """
29-1141.00|nursing|1|80|wound care, triage, intravenous therapy, care planning, patient advocacy
29-2061.00|nursing|0|55|wound dressing, catheter care, injections, bedside care
29-1171.00|nursing|2|115|diagnosis, prescribing, chronic disease management, physical examination
31-1131.00|nursing|0|36|personal hygiene care, patient lifting, feeding assistance, bed making
31-1121.00|nursing|0|33|home care, mobility support, meal preparation, companionship
29-1215.00|medicine|3|220|general practice, preventive medicine, prescribing, minor surgery, vaccinations
29-1051.00|medicine|3|130|dispensing, drug interactions, medication counselling, compounding
29-1123.00|medicine|2|95|manual therapy, exercise therapy, gait training, post-operative rehabilitation
29-1122.00|medicine|2|93|activities of daily living, hand therapy, assistive devices, sensory integration
29-2034.00|medicine|1|70|X-ray, computed tomography, radiation protection, patient positioning
31-9092.00|medicine|0|40|phlebotomy, electrocardiography, appointment desk, injections
29-1292.00|medicine|0|82|scaling, oral health education, periodontal charting, dental radiographs
29-2042.00|medicine|0|40|ambulance service, resuscitation, trauma care, emergency driving
29-1131.00|medicine|3|115|small animal surgery, anaesthesia, animal diagnostics, vaccination of animals
15-1252.00|software|1|125|Python, Java, SQL, microservices, PostgreSQL, Docker
15-1253.00|software|1|98|test automation, Selenium, regression testing, test plans, exploratory testing
15-1254.00|software|1|88|JavaScript, TypeScript, React, HTML and CSS, accessibility
15-1255.00|software|1|92|user research, wireframes, prototyping, Figma, usability testing
15-1299.08|software|2|130|system architecture, cloud architecture, Kubernetes, event-driven systems
15-2051.00|data|2|120|machine learning, Python, natural language processing, feature engineering, R
15-2051.01|data|1|98|dashboards, SQL, Power BI, Tableau, key performance indicators
15-1242.00|data|1|100|database tuning, PostgreSQL, Oracle Database, replication, backup strategies
15-1243.00|data|1|125|data warehousing, dimensional modelling, Snowflake, master data
15-1244.00|it|1|92|Linux, Windows Server, virtualisation, Ansible, Active Directory
15-1232.00|it|0|58|service desk, hardware support, Microsoft 365, remote support
15-1212.00|it|1|115|vulnerability management, SIEM, penetration testing, ISO 27001, incident response
15-1241.00|it|1|125|routing and switching, firewalls, software-defined networking, VPN
15-1299.09|it|1|108|IT project management, Scrum, rollout planning, vendor management
17-2051.00|engineering|1|95|structural analysis, road design, drainage, reinforced concrete
17-2141.00|engineering|1|99|finite element analysis, machine design, SolidWorks, thermodynamics
17-2071.00|engineering|1|106|power electronics, circuit design, control cabinets, low voltage
17-2112.00|engineering|1|99|value stream mapping, time studies, plant layout, process optimisation
17-1011.00|engineering|2|93|building design, Revit, building permits, tendering
17-3011.00|engineering|0|62|AutoCAD, building information modelling, detail drawings
17-2041.00|engineering|1|112|process simulation, distillation, scale-up, process safety
17-2081.00|engineering|1|100|water treatment, remediation, emission control, environmental impact assessment
17-2199.10|engineering|1|105|wind resource assessment, turbine layout, energy yield, grid connection
47-2111.00|trades|0|62|wiring, switchgear, electrical testing, photovoltaic installation
47-2152.00|trades|0|62|pipe fitting, sanitary installation, leak detection, soldering
47-2031.00|trades|0|56|timber framing, formwork, roof trusses, interior fitting
49-9021.00|trades|0|59|heat pumps, refrigerants, ventilation, boiler service
11-9021.00|trades|1|106|site management, construction scheduling, subcontractors, cost control
47-2061.00|trades|0|45|excavation, concrete pouring, scaffolding, demolition
47-2141.00|trades|0|47|surface preparation, spray painting, plastering, wallpapering
49-9081.00|trades|0|61|turbine maintenance, blade repair, hydraulics, rope access
13-2011.00|finance|1|82|bookkeeping, tax returns, auditing, general ledger, SAP FI
13-2051.00|finance|1|101|valuation, financial modelling, equity research, portfolio analysis
13-2072.00|finance|1|70|credit analysis, mortgages, loan documentation, customer advice
43-3031.00|finance|0|47|accounts payable, accounts receivable, invoicing, payroll entries
11-3031.00|finance|2|155|treasury, cash management, financial planning, investor relations
13-2053.00|finance|1|79|risk selection, policy terms, premium calculation, claims review
13-2054.00|finance|2|108|credit risk, market risk, stress testing, Basel III
13-1071.00|office|1|68|recruiting, interviewing, applicant tracking, onboarding, employer branding
11-3121.00|office|2|136|labour law, workforce planning, compensation, works council
43-6014.00|office|0|44|typing, filing, travel booking, minutes
43-6011.00|office|0|68|board support, confidential correspondence, diary management, protocol
13-1151.00|office|1|65|training needs analysis, e-learning, workshop facilitation, learning management systems
43-4171.00|office|0|36|switchboard, visitor reception, mail handling, meeting rooms
13-1111.00|office|2|99|process analysis, change management, business cases, workshops
13-1082.00|office|1|98|project planning, risk registers, stakeholder management, budget control
11-1021.00|office|1|102|operations management, profit and loss, team leadership, strategy
11-2022.00|sales|1|135|sales strategy, sales forecasting, team leadership, key account management
11-2021.00|sales|1|157|brand strategy, go-to-market, marketing budget, market positioning
13-1161.00|sales|1|74|market research, surveys, competitor analysis, segmentation
13-1161.01|sales|1|72|search engine optimisation, paid search, web analytics, keyword research
41-2031.00|sales|0|33|shelf replenishment, cash register, visual merchandising, shop floor
41-4012.00|sales|1|73|field sales, wholesale, price lists, trade fairs
43-4051.00|sales|0|40|call centre, ticket handling, live chat, returns
41-1011.00|sales|0|47|store management, staff rota, stocktaking, loss prevention
41-9022.00|sales|0|56|property viewings, purchase contracts, property valuation, lettings
25-2021.00|education|1|63|primary teaching, phonics, basic mathematics, class trips
25-2031.00|education|2|65|subject teaching, exam preparation, mathematics, sciences, pupil counselling
25-2011.00|education|0|37|early childhood development, play pedagogy, language support, circle time
25-3011.00|education|1|58|adult education, English as a second language, basic literacy, course design
25-4022.00|education|2|64|cataloguing, information literacy, media collections, reader advice
35-1011.00|hospitality|0|60|menu planning, kitchen management, food costing, plating
35-2014.00|hospitality|0|36|grill station, sauces, mise en place, desserts
35-3031.00|hospitality|0|32|table service, wine recommendation, order taking, upselling
11-9051.00|hospitality|0|63|restaurant management, staff scheduling, supplier contracts, licensing
11-9081.00|hotel|1|65|revenue management, room allocation, guest relations, hotel operations
43-4081.00|hotel|0|31|check-in, reservations, night audit, concierge service
37-2012.00|hotel|0|32|room cleaning, linen, deep cleaning, cleaning agents
35-3011.00|hospitality|0|32|cocktails, bar stock, beer taps, closing the bar
53-3032.00|logistics|0|54|articulated lorry, long haul, tachograph, reversing with trailer
53-3033.00|logistics|0|42|parcel delivery, van driving, proof of delivery, city routes
53-7065.00|logistics|0|36|packing, shelf stocking, handheld scanner, goods in
13-1081.00|logistics|1|79|supply planning, inventory optimisation, incoterms, demand forecasting
11-3071.00|logistics|1|99|fleet management, warehouse management, transport costs, shift planning
43-5071.00|logistics|0|40|shipping papers, goods inward, inventory records, customs forms
53-7051.00|logistics|0|42|forklift, reach truck, pallet handling, high-bay warehouse
13-1023.00|logistics|1|75|strategic purchasing, supplier audits, tenders, contract negotiation
23-1011.00|legal|3|145|litigation, corporate law, legal opinions, court hearings
23-2011.00|legal|1|60|file preparation, e-discovery, exhibits, client intake
23-2093.00|legal|1|54|title search, land registry, encumbrances, deeds
51-4121.00|manufacturing|0|50|MIG welding, TIG welding, weld inspection, metal cutting
51-4041.00|manufacturing|0|52|turning, milling, grinding, tolerances
51-9161.00|manufacturing|0|48|CNC milling, CNC turning, tool offsets, G-code
51-1011.00|manufacturing|0|68|shift leadership, production planning, staff training, shop floor management
51-9061.00|manufacturing|0|46|coordinate measuring, incoming inspection, test reports, statistical process control
49-9041.00|manufacturing|0|62|hydraulics, pneumatics, gearboxes, conveyor repair
51-2092.00|manufacturing|0|38|assembly line, torque tools, wiring harness, visual inspection
51-3011.00|manufacturing|0|35|dough making, oven work, pastry, early shift
19-2031.00|science|2|87|HPLC, organic synthesis, spectroscopy, titration
19-1042.00|science|3|100|cell culture, clinical studies, PCR, immunology
29-2011.00|science|1|61|haematology, clinical chemistry, microbiology, blood bank
19-4021.00|science|1|52|cell counting, buffer preparation, microscopy, animal care
19-2041.00|science|2|80|soil sampling, groundwater, environmental permits, contaminated sites
27-1024.00|creative|1|59|typography, brand design, Adobe Illustrator, print production
27-3031.00|creative|1|70|press releases, media relations, crisis communication, speech writing
27-3023.00|creative|1|58|interviewing sources, fact checking, news writing, podcasts
27-3043.00|creative|1|74|copywriting, proofreading, scripts, content strategy
27-4021.00|creative|0|43|portrait photography, lighting, retouching, product photography
27-1025.00|creative|1|63|space planning, material boards, lighting concepts, furniture selection
27-3091.00|creative|2|58|consecutive interpreting, translation, terminology, CAT tools
13-1121.00|creative|1|57|event planning, venue booking, sponsors, attendee management
21-1021.00|social|1|54|family support, home visits, foster care, youth welfare
21-1014.00|social|2|54|psychotherapy, addiction counselling, treatment plans, group therapy
21-1093.00|social|0|42|benefits advice, housing support, intake interviews, referrals
21-1012.00|social|2|62|career guidance, aptitude tests, study advice, application coaching
11-9151.00|social|2|78|grant applications, volunteer management, programme evaluation, funding reports
39-9011.00|social|0|32|toddler care, nappy changing, nap routines, outdoor play
33-9032.00|services|0|38|access control, patrol rounds, CCTV monitoring, de-escalation
33-2011.00|services|0|57|fire suppression, rescue, hazardous materials, breathing apparatus
49-3023.00|services|0|48|engine diagnostics, brake repair, vehicle inspection, electric vehicles
39-5012.00|services|0|35|hair cutting, colouring, styling, scalp treatment
37-3011.00|services|0|38|lawn care, hedge trimming, planting, irrigation
39-9031.00|services|0|47|personal training, group fitness, nutrition advice, training plans
"""

# Where the sector's fields of study or employers would not be believed: the occupation's own.
FIELDS = {
    "29-1215.00": "Medicine", "29-1051.00": "Pharmacy", "29-1123.00": "Physiotherapy", "29-1122.00": "Occupational Therapy",
    "29-2034.00": "Medical Imaging", "31-9092.00": "Medical Assisting", "29-1292.00": "Dental Hygiene", "29-2042.00": "Paramedicine",
    "29-1131.00": "Veterinary Medicine", "15-1255.00": "Interaction Design", "17-2051.00": "Civil Engineering",
    "17-2141.00": "Mechanical Engineering", "17-2071.00": "Electrical Engineering", "17-2112.00": "Industrial Engineering",
    "17-1011.00": "Architecture", "17-3011.00": "Technical Drawing", "17-2041.00": "Chemical Engineering",
    "17-2081.00": "Environmental Engineering", "17-2199.10": "Renewable Energy Engineering", "47-2111.00": "Electrical Installation",
    "47-2152.00": "Plumbing and Heating", "47-2031.00": "Carpentry", "49-9021.00": "Refrigeration and Air Conditioning",
    "11-9021.00": "Construction Management", "47-2061.00": "Building Trades", "47-2141.00": "Painting and Decorating",
    "49-9081.00": "Wind Power Technology", "13-1071.00": "Human Resource Management", "11-3121.00": "Human Resource Management",
    "25-2011.00": "Early Childhood Education", "25-4022.00": "Library and Information Science", "35-1011.00": "Culinary Arts",
    "35-2014.00": "Culinary Arts", "51-4121.00": "Welding Technology", "51-4041.00": "Precision Machining",
    "51-9161.00": "Machining and CNC Technology", "49-9041.00": "Industrial Mechanics", "51-3011.00": "Baking and Pastry",
    "19-2031.00": "Chemistry", "19-1042.00": "Biomedicine", "29-2011.00": "Medical Laboratory Science", "19-4021.00": "Biology",
    "19-2041.00": "Environmental Science", "27-1024.00": "Graphic Design", "27-3031.00": "Communication", "27-3023.00": "Journalism",
    "27-3043.00": "Creative Writing", "27-4021.00": "Photography", "27-1025.00": "Interior Design",
    "27-3091.00": "Translation Studies", "13-1121.00": "Event Management", "21-1021.00": "Social Work", "21-1014.00": "Psychology",
    "21-1012.00": "Educational Psychology", "39-9011.00": "Childcare", "33-2011.00": "Fire Protection",
    "49-3023.00": "Automotive Technology", "39-5012.00": "Cosmetology", "37-3011.00": "Horticulture", "39-9031.00": "Sport Science",
    "33-9032.00": "Protection and Security",
}
EMPLOYERS = {
    "29-1051.00": ["{s} Pharmacy", "{s} Hospital Pharmacy"], "29-1292.00": ["{s} Dental", "{s} Dental Practice"],
    "29-2042.00": ["{s} Ambulance Service", "{c} Rescue {s}"], "29-1131.00": ["{s} Animal Hospital", "{s} Veterinary Practice"],
    "29-1123.00": ["{s} Physiotherapy", "{s} Rehabilitation Centre"], "29-1122.00": ["{s} Rehabilitation Centre", "{s} Therapy Group"],
    "31-1121.00": ["{s} Home Care", "{c} Care at Home {s}"], "17-1011.00": ["{s} Architects", "Atelier {s} Architecture"],
    "17-2199.10": ["{s} Wind", "{s} Renewables"], "49-9081.00": ["{s} Wind Service", "{s} Renewables"],
    "41-9022.00": ["{s} Estates", "{s} Property"], "41-2031.00": ["{s} Department Store", "{s} Retail"],
    "41-1011.00": ["{s} Department Store", "{s} Markets"], "43-4051.00": ["{s} Customer Care", "{s} Telecom"],
    "25-2021.00": ["{s} Primary School", "{s} Elementary School"], "25-2031.00": ["{s} Secondary School", "{s} High School"],
    "25-2011.00": ["{s} Kindergarten", "{s} Preschool"], "25-3011.00": ["{s} Academy", "{c} Learning Centre {s}"],
    "25-4022.00": ["{c} Library", "{s} University Library"], "51-3011.00": ["{s} Bakery", "{s} Foods"],
    "29-2011.00": ["{s} Laboratories", "{s} University Hospital Laboratory"], "39-9011.00": ["{s} Nursery", "{s} Day Care"],
    "33-9032.00": ["{s} Security", "{s} Guarding"], "33-2011.00": ["{c} Fire Department", "{s} Industrial Fire Brigade"],
    "49-3023.00": ["{s} Garage", "{s} Motors"], "39-5012.00": ["Salon {s}", "{s} Hair"], "37-3011.00": ["{s} Gardens", "{s} Landscapes"],
    "39-9031.00": ["{s} Fitness", "{s} Sports Club"], "27-4021.00": ["Studio {s}", "{s} Photography"],
    "27-1025.00": ["{s} Interiors", "Studio {s}"], "13-1121.00": ["{s} Events", "{s} Congress"], "27-3023.00": ["{s} Press", "The {s} Herald"],
    "11-3031.00": ["{s} Group", "{s} Holding", "{s} Bank"], "13-2011.00": ["{s} & Partners Accountants", "{s} Group", "{s} Audit"],
    "43-3031.00": ["{s} & Partners Accountants", "{s} Trading", "{s} Services"], "13-2053.00": ["{s} Insurance", "{s} Mutual"],
}
