# hesim: transition probabilities by strategy and draw, simulated as a cohort discrete-time model; then the weighted sums.
suppressPackageStartupMessages({library(hesim); library(data.table)})
folder <- commandArgs(TRUE)[1]
size <- scan(file.path(folder, "size.txt"), quiet = TRUE) # strategies, draws, states, cycles
read <- function(name, ...) array(readBin(file.path(folder, name), "double", prod(...)), c(...))
strategies <- size[1]; draws <- size[2]; states <- size[3]; cycles <- size[4]
cycle_length <- scan(file.path(folder, "years.txt"), quiet = TRUE)
weights <- readBin(file.path(folder, "weights.bin"), "double", cycles + 1)
# hesim's rows: draws, and strategies within a draw.
matrices <- aperm(read("transition.bin", c(states, states, draws, strategies)), c(2, 1, 4, 3)) # from, to, strategy, draw
dim(matrices) <- c(states, states, strategies * draws)
worth <- function(name) aperm(read(name, c(states, draws, strategies)), c(3, 2, 1)) # strategy, draw, state
cost <- worth("cost.bin"); utility <- worth("utility.bin")

begun <- Sys.time()
data <- hesim_data(strategies = data.frame(strategy_id = seq_len(strategies)), patients = data.frame(patient_id = 1))
id <- tpmatrix_id(expand(data, by = c("strategies", "patients")), n_samples = draws)
model <- CohortDtstmTrans$new(params = tparams_transprobs(matrices, tpmatrix_id = id), cycle_length = cycle_length)
trace <- as.data.table(model$sim_stateprobs(n_cycles = cycles))
spent <- trace[, .(time = sum(prob * weights[round(t / cycle_length) + 1])), by = .(strategy_id, sample, state_id)]
at <- as.matrix(spent[, .(strategy_id, sample, state_id)])
spent[, `:=`(cost = time * cost[at], qaly = time * utility[at])]
total <- spent[, .(cost = sum(cost), qaly = sum(qaly)), keyby = .(strategy_id, sample)]
seconds <- as.numeric(difftime(Sys.time(), begun, units = "secs"))
answer <- unlist(lapply(seq_len(strategies), function(s) c(total[strategy_id == s]$cost, total[strategy_id == s]$qaly)))
writeBin(answer, file.path(folder, "answer.bin"))
cat(format(seconds, digits = 12))
